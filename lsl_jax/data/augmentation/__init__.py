"""Pure functions of a key and an image."""
