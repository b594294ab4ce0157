"""Learners of the low-shot benchmark, for given hyper-parameters.

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017, tables 1 and 2.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lsl_jax import lowshot, types
from lsl_jax.pipeline.learners.learner_entry import LearnerEntry
from lsl_jax.pipeline.learners.trained import Context

# What may be tuned: numbers by name, which may be traced.
Numbers = Mapping[str, Any]
LEARNING_RATE, WEIGHT_DECAY, PER_CLASS = (
    'learning_rate',
    'weight_decay',
    'per_class',
)


def logistic(context: Context, numbers: Numbers) -> types.Learner:
  """Logistic regression with bias on base features and support."""
  options = context.config.hallucination.logistic
  return lowshot.logistic(
      iterations=options.iterations,
      batch_size=options.batch_size,
      learning_rate=numbers[LEARNING_RATE],
      weight_decay=numbers[WEIGHT_DECAY],
      balance=options.balance,
      solver=options.solver,
      tolerance=options.tolerance,
  )


def generation(context: Context, numbers: Numbers) -> types.Learner:
  """The same with hallucinated examples."""
  made = context.products['generation']
  return lowshot.with_hallucination(
      logistic(context, numbers),
      made.params,
      made.centroids,
      numbers[PER_CLASS],
      at_most=numbers.get('at_most'),
      generator=made.module,
  )


def regression(context: Context, numbers: Numbers) -> types.Learner:
  """Model regression: one-vs-all, novel rows drawn to regressed ones."""
  options = context.config.hallucination.logistic
  return lowshot.model_regression(
      context.products['regression'],
      iterations=options.iterations,
      batch_size=options.batch_size,
      learning_rate=numbers[LEARNING_RATE],
      weight_decay=numbers[WEIGHT_DECAY],
      balancing=options.balance,
  )


def matching(context: Context) -> types.Learner:
  """A matching network over base and novel examples."""
  return lowshot.matching_network(
      context.products['matching'],
      per_class=context.config.hallucination.matching.per_class,
  )


# By learner: how it is made, and which of its numbers are tuned.
TUNED: Mapping[
    str,
    tuple[Callable[[Context, Numbers], types.Learner], tuple[str, ...]],
] = {
    'logistic': (logistic, (LEARNING_RATE, WEIGHT_DECAY)),
    'logistic_hallucinate': (
        generation,
        (LEARNING_RATE, WEIGHT_DECAY, PER_CLASS),
    ),
    'logistic_aug': (logistic, (LEARNING_RATE, WEIGHT_DECAY)),
    'model_regression': (regression, (LEARNING_RATE, WEIGHT_DECAY)),
}


def numbers(config: Any) -> dict[str, Any]:
  """The config's own numbers, where nothing is tuned."""
  return {
      LEARNING_RATE: config.hallucination.logistic.learning_rate,
      WEIGHT_DECAY: config.hallucination.logistic.weight_decay,
      PER_CLASS: config.hallucination.generator.per_class,
  }


def tuned(name: str) -> Callable[[Context], types.Learner]:
  """A learner of `TUNED` with the numbers that tuning has chosen for it."""
  make, _ = TUNED[name]
  return lambda context: make(context, context.products['tuning'][name])


def _nearest_mean(context: Context) -> types.Learner:
  del context  # a scale changes no decision
  return lowshot.nearest_mean()


ENTRIES: Mapping[str, LearnerEntry] = {
    'nearest_mean': LearnerEntry(
        'Nearest class mean', 'features', _nearest_mean, ('base_examples',)
    ),
    'logistic': LearnerEntry(
        'Classifier',
        'features',
        tuned('logistic'),
        ('base_examples', 'tuning'),
    ),
    'logistic_hallucinate': LearnerEntry(
        'Generation + Classifier',
        'features',
        tuned('logistic_hallucinate'),
        ('base_examples', 'generation', 'tuning'),
    ),
    'logistic_aug': LearnerEntry(
        'Data augmentation',
        'views',
        tuned('logistic_aug'),
        ('base_examples', 'tuning'),
    ),
    'model_regression': LearnerEntry(
        'Model Regression',
        'features',
        tuned('model_regression'),
        ('base_examples', 'regression', 'tuning'),
    ),
    'matching_network': LearnerEntry(
        'Matching Network',
        'features',
        matching,
        ('base_examples', 'matching'),
    ),
}
