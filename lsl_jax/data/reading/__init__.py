"""Images and features from files, whatever is in them."""
