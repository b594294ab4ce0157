"""Labelled images: where they come from, how classes and images are divided."""

from lsl_jax.data.dataset import Dataset
from lsl_jax.data.encoded import ImageError
from lsl_jax.data.load import load
from lsl_jax.data.splits import class_split, ClassSplit

__all__ = [
    "ClassSplit",
    "Dataset",
    "ImageError",
    "class_split",
    "load",
]
