"""Phase 2: learners that turn a few examples into a classifier."""

from lsl_jax.lowshot.imprinting import imprint

__all__ = ['imprint']
