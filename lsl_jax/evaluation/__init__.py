"""Protocols: what is measured of a learner, and how sure it is."""

from lsl_jax.evaluation.comparing import over_seeds, verdict
from lsl_jax.evaluation.episodic import episodic
from lsl_jax.evaluation.features import extract, extract_views
from lsl_jax.evaluation.intervals import (
    confidence_interval,
    proportion_interval,
    standard_error,
)
from lsl_jax.evaluation.metrics import (
    accuracy,
    confusion,
    harmonic_mean,
    mean_recall,
    ranks,
    recalls,
    top_k,
)
from lsl_jax.evaluation.protocols import (
    accuracies,
    generalized,
    predictions,
    transfer,
)

__all__ = [
    'accuracies',
    'accuracy',
    'confidence_interval',
    'confusion',
    'episodic',
    'extract',
    'extract_views',
    'generalized',
    'harmonic_mean',
    'mean_recall',
    'over_seeds',
    'predictions',
    'proportion_interval',
    'ranks',
    'recalls',
    'standard_error',
    'top_k',
    'transfer',
    'verdict',
]
