"""Batches in an order that depends on the seed and the step alone."""
