"""Phase 2: learners that turn a few examples into a classifier."""

from lsl_jax.lowshot import incremental
from lsl_jax.lowshot.extension import extend_classifier, replace_classifier
from lsl_jax.lowshot.imprinting import imprint
from lsl_jax.lowshot.neighbours import nearest_neighbour
from lsl_jax.lowshot.random_rows import random_templates

__all__ = [
    'extend_classifier',
    'imprint',
    'incremental',
    'nearest_neighbour',
    'random_templates',
    'replace_classifier',
]
