"""Metric-based learners, by the names that configs give them.

Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive margin
loss. CVPR 2020, tables 1 to 3.
"""

from collections.abc import Mapping
import functools

from lsl_jax import lowshot, types
from lsl_jax.pipeline.learners import metric_learning
from lsl_jax.pipeline.learners.learner_entry import LearnerEntry
from lsl_jax.pipeline.learners.trained import Context


def _dynamic(context: Context) -> types.Learner:
  return lowshot.generate_weights(
      context.products['weight_generator'],
      metric_learning.stage(context.config).generator,
      context.products['weight_generator']['classes'],
  )


ENTRIES: Mapping[str, LearnerEntry] = {
    'prototypical': LearnerEntry(
        'Prototypical network',
        'features',
        functools.partial(metric_learning.make_learner, 'prototypical'),
    ),
    'am3': LearnerEntry(
        'AM3',
        'named_features',
        functools.partial(metric_learning.make_learner, 'am3'),
        needs=('semantics',),
    ),
    'matching_cosine': LearnerEntry(
        'Matching network',
        'features',
        functools.partial(metric_learning.make_learner, 'matching'),
    ),
    'dynamic': LearnerEntry(
        'Dynamic FSL', 'features', _dynamic, needs=('weight_generator',)
    ),
}
