"""Every key that a config may set, its default, and what it means."""
