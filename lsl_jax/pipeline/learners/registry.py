"""What a config may name: representations and learners."""

from collections.abc import Mapping

from lsl_jax.pipeline.learners import (
    dense_learners,
    hallucination_learners,
    imprinting_learners,
    metric_learners,
)
from lsl_jax.pipeline.learners.learner_entry import LearnerEntry
from lsl_jax.pipeline.learners.representations import (
    make_network,
    make_representation,
    REPRESENTATIONS,
    UNTRAINED_CLASSIFIER,
)

__all__ = [
    'LEARNERS',
    'REPRESENTATIONS',
    'UNTRAINED_CLASSIFIER',
    'LearnerEntry',
    'make_network',
    'make_representation',
]

LEARNERS: Mapping[str, LearnerEntry] = {
    **imprinting_learners.ENTRIES,
    **hallucination_learners.ENTRIES,
    **dense_learners.ENTRIES,
    **metric_learners.ENTRIES,
}
