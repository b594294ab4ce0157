"""Phase 2: learners that turn a few examples into a classifier."""

from lsl_jax.lowshot import incremental
from lsl_jax.lowshot.centroids import class_centroids
from lsl_jax.lowshot.extension import extend_classifier, replace_classifier
from lsl_jax.lowshot.generator_training import (
    generator_loss,
    train_generator,
)
from lsl_jax.lowshot.hallucination import hallucinate, with_hallucination
from lsl_jax.lowshot.implant_stream import Stream
from lsl_jax.lowshot.implanting import implant
from lsl_jax.lowshot.imprinting import imprint
from lsl_jax.lowshot.logistic import fit_classifier, logistic
from lsl_jax.lowshot.matching import matching_network
from lsl_jax.lowshot.matching_training import train_matching_network
from lsl_jax.lowshot.model_regression import (
    classifier_pairs,
    model_regression,
    train_regressor,
)
from lsl_jax.lowshot.nearest_mean import nearest_mean
from lsl_jax.lowshot.neighbours import nearest_neighbour
from lsl_jax.lowshot.prototypes import prototypical
from lsl_jax.lowshot.random_rows import random_templates

__all__ = [
    'Stream',
    'class_centroids',
    'classifier_pairs',
    'extend_classifier',
    'fit_classifier',
    'generator_loss',
    'hallucinate',
    'implant',
    'imprint',
    'incremental',
    'logistic',
    'matching_network',
    'model_regression',
    'nearest_mean',
    'nearest_neighbour',
    'prototypical',
    'random_templates',
    'replace_classifier',
    'train_generator',
    'train_matching_network',
    'train_regressor',
    'with_hallucination',
]
