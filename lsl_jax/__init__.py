"""Low-shot image classification in JAX/Flax: pure functions of arrays."""

__version__ = '0.1.0'
