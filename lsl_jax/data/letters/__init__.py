"""The embedded data set: letters, rendered."""
