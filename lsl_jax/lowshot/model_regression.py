"""Model regression: from a classifier of few examples to one of many.

References:
  Wang, Hebert. Learning to learn: model regression networks for easy small
  sample learning. ECCV 2016, section 3.
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 6.4: one-vs-all classifiers, and
  regressed weights regularise those of novel classes alone.
"""

from typing import Any

import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.lowshot import balance, one_vs_all
from lsl_jax.models import regressor as regressors


def model_regression(
    params: Any,
    *,
    iterations: int = 10_000,
    batch_size: int = 1000,
    learning_rate: jax.Array | float = 0.1,
    weight_decay: jax.Array | float = 0.001,
    balancing: str = 'paper',
    regressor: regressors.Regressor | None = None,
) -> types.Learner:
  """One-vs-all classifiers whose novel rows are drawn to regressed weights.

  Fitted twice: once plainly, which gives the few-example weights of the novel
  classes; then with their regressed weights as targets instead of zero.

  Args:
    params: of T, as `train_regressor` gives them.
    iterations: of each fit.
    batch_size: of each fit.
    learning_rate: of each fit.
    weight_decay: how strongly weights are drawn to their targets.
    balancing: of base and novel classes, see `balance.sampler`.
    regressor: T, as in training.

  Returns:
    A learner that needs `base.features` and `base.labels`; its classifier is
    `[C + N, D + 1]`, the bias last.
  """
  regressor = regressor or regressors.Regressor()

  def fit(key, base, support):
    pool = balance.pool(base, support)
    rows = balance.sampler(balancing, pool, batch_size)

    def draw(key):
      chosen = rows(key)
      return pool.features(chosen), pool.labels[chosen]

    options: dict[str, Any] = {
        'iterations': iterations,
        'learning_rate': learning_rate,
        'weight_decay': weight_decay,
    }
    zeros = jnp.zeros((pool.num_classes, pool.novel.shape[-1] + 1))
    first_key, second_key = jax.random.split(key)
    few = one_vs_all.descend(first_key, draw, zeros, **options)
    regressed: Any = regressor.apply({'params': params}, few[pool.num_base :])
    targets = zeros.at[pool.num_base :].set(regressed)
    return one_vs_all.descend(second_key, draw, targets, **options)

  def predict(weights, features):
    return one_vs_all.append_one(features) @ weights.T

  return types.Learner(fit, predict)
