"""Labelled images, how they are divided, how batches and tasks are drawn."""

from lsl_jax.data.augmentation.augment import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    normalise,
)
from lsl_jax.data.augmentation.augment_spec import Spec as AugmentSpec
from lsl_jax.data.classes.splits import class_split, ClassSplit
from lsl_jax.data.dataset import Dataset
from lsl_jax.data.episodes import episode_hash, sample_draws, sample_episodes
from lsl_jax.data.load import load
from lsl_jax.data.reading.dense import to_array, to_dataset
from lsl_jax.data.reading.encoded import ImageError
from lsl_jax.data.streaming.episode_order import EpisodeSampling
from lsl_jax.data.streaming.grain_stream import streamed
from lsl_jax.data.streaming.memory import in_memory
from lsl_jax.data.streaming.streams import Batches, Stream
from lsl_jax.data.words.semantics import load as load_semantics
from lsl_jax.data.words.semantics import Semantics

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
