"""Verbs without parameters."""

from lsl_jax.ops.analogies import Analogies, mine_analogies, mine_by_class
from lsl_jax.ops.attention import cosine_attention
from lsl_jax.ops.clustering import Clusters, kmeans
from lsl_jax.ops.episodes import EpisodeShape, split_episodes
from lsl_jax.ops.interpolation import lerp, slerp
from lsl_jax.ops.metric_scores import metric, METRICS, similarity_matrix
from lsl_jax.ops.prototypes import class_means
from lsl_jax.ops.pyramids import laplacian_pyramid
from lsl_jax.ops.similarity import cosine_logits, squared_distances, unit

__all__ = [
    'METRICS',
    'Analogies',
    'Clusters',
    'EpisodeShape',
    'class_means',
    'cosine_attention',
    'cosine_logits',
    'kmeans',
    'laplacian_pyramid',
    'lerp',
    'metric',
    'mine_analogies',
    'mine_by_class',
    'similarity_matrix',
    'slerp',
    'split_episodes',
    'squared_distances',
    'unit',
]
