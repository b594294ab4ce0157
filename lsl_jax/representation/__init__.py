"""Phase 1: objectives by which a network learns from the base classes."""

from lsl_jax.representation.softmax_objective import softmax

__all__ = ['softmax']
