"""Labelled images, how they are divided, how batches and tasks are drawn."""

from lsl_jax.data.augment import IMAGENET_MEAN, IMAGENET_STD, normalise
from lsl_jax.data.augment import Spec as AugmentSpec
from lsl_jax.data.dataset import Dataset
from lsl_jax.data.dense import to_array, to_dataset
from lsl_jax.data.encoded import ImageError
from lsl_jax.data.episode_order import EpisodeSampling
from lsl_jax.data.episodes import episode_hash, sample_draws, sample_episodes
from lsl_jax.data.grain_stream import streamed
from lsl_jax.data.load import load
from lsl_jax.data.memory import in_memory
from lsl_jax.data.semantics import load as load_semantics
from lsl_jax.data.semantics import Semantics
from lsl_jax.data.splits import class_split, ClassSplit
from lsl_jax.data.streams import Batches, Stream

__all__ = [
    'IMAGENET_MEAN',
    'IMAGENET_STD',
    'AugmentSpec',
    'Batches',
    'ClassSplit',
    'Dataset',
    'EpisodeSampling',
    'ImageError',
    'Semantics',
    'Stream',
    'class_split',
    'episode_hash',
    'in_memory',
    'load',
    'load_semantics',
    'normalise',
    'sample_draws',
    'sample_episodes',
    'streamed',
    'to_array',
    'to_dataset',
]
