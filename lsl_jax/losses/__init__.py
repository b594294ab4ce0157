"""Losses: pure functions of arrays, un-reduced."""

from lsl_jax.losses.cosine import cosine_loss
from lsl_jax.losses.decorrelation import decov
from lsl_jax.losses.dense import dense_cross_entropy
from lsl_jax.losses.feature_norms import feature_l1, feature_l2
from lsl_jax.losses.gradient_magnitude import batch_sgm, sgm
from lsl_jax.losses.lifted_structures import lifted_structure
from lsl_jax.losses.lookahead import (
    lookahead_loss,
    margin_alignment,
    pair_losses,
)
from lsl_jax.losses.margins import (
    arcface,
    constant_margin,
    cosface,
    margin_cross_entropy,
)
from lsl_jax.losses.multiverse import multiverse
from lsl_jax.losses.perceptual import perceptual
from lsl_jax.losses.proxies import proxy_nca
from lsl_jax.losses.softmax import cross_entropy
from lsl_jax.losses.triplet_mining import mine_triplets, Triplets
from lsl_jax.losses.triplets import triplet

__all__ = [
    'Triplets',
    'arcface',
    'batch_sgm',
    'constant_margin',
    'cosface',
    'cosine_loss',
    'cross_entropy',
    'decov',
    'dense_cross_entropy',
    'feature_l1',
    'feature_l2',
    'lifted_structure',
    'lookahead_loss',
    'margin_alignment',
    'margin_cross_entropy',
    'mine_triplets',
    'multiverse',
    'pair_losses',
    'perceptual',
    'proxy_nca',
    'sgm',
    'triplet',
]
