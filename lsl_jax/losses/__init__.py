"""Losses: pure functions of arrays, un-reduced."""

from lsl_jax.losses.lifted_structures import lifted_structure
from lsl_jax.losses.proxies import proxy_nca
from lsl_jax.losses.softmax import cross_entropy

__all__ = ['cross_entropy', 'lifted_structure', 'proxy_nca']
