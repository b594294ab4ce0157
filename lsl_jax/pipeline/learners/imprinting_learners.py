"""Learners of Qi, Brown and Lowe, by the names that configs give them."""

from collections.abc import Mapping

from lsl_jax import lowshot, types
from lsl_jax.pipeline.learners.learner_entry import LearnerEntry
from lsl_jax.pipeline.learners.trained import Context


def _imprint(context: Context) -> types.Learner:
  return lowshot.imprint(scale=context.scale)


def _random(context: Context) -> types.Learner:
  return lowshot.random_templates(scale=context.scale)


def _random_normal(context: Context) -> types.Learner:
  return lowshot.random_templates(scale=context.scale, distribution='normal')


def _nearest(context: Context) -> types.Learner:
  del context  # a scale changes no decision
  return lowshot.nearest_neighbour()


ENTRIES: Mapping[str, LearnerEntry] = {
    'random': LearnerEntry('Rand-noFT', 'features', _random),
    'random_normal': LearnerEntry(
        'Rand-noFT (normal)', 'features', _random_normal
    ),
    'imprint': LearnerEntry('Imprinting', 'features', _imprint),
    'imprint_aug': LearnerEntry('Imprinting + Aug', 'views', _imprint),
    'nearest': LearnerEntry('Nearest neighbour', 'features', _nearest),
    'random_finetune': LearnerEntry('Rand + FT', 'images', _random),
    'imprint_finetune': LearnerEntry('Imprinting + FT', 'images', _imprint),
    'joint': LearnerEntry('AllClassJoint', 'images', None),
}
