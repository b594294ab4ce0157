"""Linen backbones, heads, their composition, and published weights for them."""

from lsl_jax.models.conv4 import Conv4
from lsl_jax.models.heads import CosineClassifier, Embedding, LinearClassifier
from lsl_jax.models.network import (
    BACKBONES,
    build,
    build_backbone,
    Network,
    Spec,
)

__all__ = [
    'BACKBONES',
    'Conv4',
    'CosineClassifier',
    'Embedding',
    'LinearClassifier',
    'Network',
    'Spec',
    'build',
    'build_backbone',
]
