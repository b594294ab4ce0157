"""What a config may name: representations and learners."""
