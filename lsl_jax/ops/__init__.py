"""Verbs without parameters."""

from lsl_jax.ops.prototypes import class_means
from lsl_jax.ops.similarity import cosine_logits, squared_distances, unit

__all__ = ['class_means', 'cosine_logits', 'squared_distances', 'unit']
