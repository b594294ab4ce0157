"""Variants that several configs share: rows of the papers' tables."""
