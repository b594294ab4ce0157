"""Protocols: what is measured of a learner, and how sure it is."""

from lsl_jax.evaluation.features import extract
from lsl_jax.evaluation.features import extract_views
from lsl_jax.evaluation.intervals import confidence_interval
from lsl_jax.evaluation.intervals import standard_error
from lsl_jax.evaluation.metrics import accuracy
from lsl_jax.evaluation.metrics import confusion
from lsl_jax.evaluation.metrics import harmonic_mean
from lsl_jax.evaluation.metrics import mean_recall
from lsl_jax.evaluation.metrics import ranks
from lsl_jax.evaluation.metrics import recalls
from lsl_jax.evaluation.metrics import top_k
from lsl_jax.evaluation.protocols import accuracies
from lsl_jax.evaluation.protocols import generalized
from lsl_jax.evaluation.protocols import predictions
from lsl_jax.evaluation.protocols import transfer

__all__ = [
    'accuracies',
    'accuracy',
    'confidence_interval',
    'confusion',
    'extract',
    'extract_views',
    'generalized',
    'harmonic_mean',
    'mean_recall',
    'predictions',
    'ranks',
    'recalls',
    'standard_error',
    'top_k',
    'transfer',
]
