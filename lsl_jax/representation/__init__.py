"""Phase 1: objectives by which a network learns from the base classes."""

from lsl_jax.representation.cosine_objective import cosine
from lsl_jax.representation.dense_objective import dense
from lsl_jax.representation.episodic_scores import (
    cross_modal_prototypes,
    matching,
    prototypical,
)
from lsl_jax.representation.lifted_objective import lifted_structure
from lsl_jax.representation.margin_objective import with_margin
from lsl_jax.representation.mixmatch_objective import mixmatch
from lsl_jax.representation.multiverse_objective import multiverse
from lsl_jax.representation.proxy_objective import proxy_nca
from lsl_jax.representation.regularised_objective import (
    regularised_softmax,
    REGULARISERS,
)
from lsl_jax.representation.scores import classifier_scores, Scorer
from lsl_jax.representation.softmax_objective import softmax
from lsl_jax.representation.triplet_objective import triplet

__all__ = [
    'REGULARISERS',
    'Scorer',
    'classifier_scores',
    'cosine',
    'cross_modal_prototypes',
    'dense',
    'lifted_structure',
    'matching',
    'mixmatch',
    'multiverse',
    'prototypical',
    'proxy_nca',
    'regularised_softmax',
    'softmax',
    'triplet',
    'with_margin',
]
