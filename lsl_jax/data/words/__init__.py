"""What is known of a class by its name."""
