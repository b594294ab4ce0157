"""Low-shot image classification in JAX/Flax: five papers, one set of functions."""

__version__ = '0.1.0'
