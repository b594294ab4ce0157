"""Which classes are base, validation and novel."""
