"""Verbs without parameters."""

from lsl_jax.ops.analogies import Analogies, mine_analogies, mine_by_class
from lsl_jax.ops.clustering import Clusters, kmeans
from lsl_jax.ops.interpolation import lerp, slerp
from lsl_jax.ops.prototypes import class_means
from lsl_jax.ops.pyramids import laplacian_pyramid
from lsl_jax.ops.similarity import cosine_logits, squared_distances, unit

__all__ = [
    'Analogies',
    'Clusters',
    'class_means',
    'cosine_logits',
    'kmeans',
    'laplacian_pyramid',
    'lerp',
    'mine_analogies',
    'mine_by_class',
    'slerp',
    'squared_distances',
    'unit',
]
