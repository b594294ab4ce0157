"""Phase 1: objectives by which a network learns from the base classes."""

from lsl_jax.representation.cosine_objective import cosine
from lsl_jax.representation.dense_objective import dense
from lsl_jax.representation.lifted_objective import lifted_structure
from lsl_jax.representation.mixmatch_objective import mixmatch
from lsl_jax.representation.multiverse_objective import multiverse
from lsl_jax.representation.proxy_objective import proxy_nca
from lsl_jax.representation.regularised_objective import (
    regularised_softmax,
    REGULARISERS,
)
from lsl_jax.representation.softmax_objective import softmax
from lsl_jax.representation.triplet_objective import triplet

__all__ = [
    'REGULARISERS',
    'cosine',
    'dense',
    'lifted_structure',
    'mixmatch',
    'multiverse',
    'proxy_nca',
    'regularised_softmax',
    'softmax',
    'triplet',
]
