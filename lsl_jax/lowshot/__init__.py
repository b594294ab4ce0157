"""Phase 2: learners that turn a few examples into a classifier."""

from lsl_jax.lowshot import incremental
from lsl_jax.lowshot.centroids import class_centroids
from lsl_jax.lowshot.cosine_matching import cosine_matching
from lsl_jax.lowshot.extension import extend_classifier, replace_classifier
from lsl_jax.lowshot.generator_stage import Stage
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
from lsl_jax.lowshot.metric_prototypes import (
    cross_modal_means,
    metric_prototypes,
)
from lsl_jax.lowshot.model_regression import model_regression
from lsl_jax.lowshot.nearest_mean import nearest_mean
from lsl_jax.lowshot.neighbours import nearest_neighbour
from lsl_jax.lowshot.prototypes import prototypical
from lsl_jax.lowshot.random_rows import random_templates
from lsl_jax.lowshot.regression_training import (
    classifier_pairs,
    train_regressor,
)
from lsl_jax.lowshot.weight_generation import generate_weights
from lsl_jax.lowshot.weight_generator_training import train_weight_generator

__all__ = [
    'Stage',
    'Stream',
    'class_centroids',
    'classifier_pairs',
    'cosine_matching',
    'cross_modal_means',
    'extend_classifier',
    'fit_classifier',
    'generate_weights',
    'generator_loss',
    'hallucinate',
    'implant',
    'imprint',
    'incremental',
    'logistic',
    'matching_network',
    'metric_prototypes',
    'model_regression',
    'nearest_mean',
    'nearest_neighbour',
    'prototypical',
    'random_templates',
    'replace_classifier',
    'train_generator',
    'train_matching_network',
    'train_regressor',
    'train_weight_generator',
    'with_hallucination',
]
