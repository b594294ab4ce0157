"""Phases of metric-based learners: meanings, and a trained weight generator."""

import hashlib
import os
from typing import Any

from absl import logging
from flax import traverse_util
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import data, lowshot, report
from lsl_jax.pipeline import features, fitting, metric_learning
from lsl_jax.pipeline import task as task_lib
from lsl_jax.pipeline.trained import Trained

# What learners consume that are told what classes are called.
NAMED = 'named_features'


def semantics(
    config: Any, task: Any, trained: Trained, workdir: str
) -> data.Semantics:
  """What all classes of the problem are called, base classes first."""
  del trained, workdir
  return metric_learning.meaning(config, task.problem.class_names)


def with_names(
    embedded: np.ndarray, labels: np.ndarray, meaning: data.Semantics
) -> np.ndarray:
  """Features, and behind them the vector of each image's class.

  Args:
    embedded: `[m, D]`.
    labels: `[m]` int, in the problem's label space.
    meaning: of all its classes.

  Returns:
    `[m, D + V]` float32.
  """
  return np.concatenate([embedded, meaning.vectors[labels]], axis=1)


def weight_generator(
    config: Any, task: Any, trained: Trained, workdir: str
) -> dict[str, Any]:
  """Trains Dynamic FSL's second stage on features of the base classes.

  Features and parameters are kept in the workdir, with a fingerprint of what
  they depend on.

  Args:
    config: the whole config.
    task: whose problem has the base classes.
    trained: phase 1's network; of a cosine classifier with one scale.
    workdir: of the run.

  Returns:
    Parameters for `lowshot.generate_weights`.

  Raises:
    ValueError: the classifier is another one, or the episodes do not fit the
      base classes.
  """
  if np.ndim(trained.scale):
    raise ValueError(
        "the learner 'dynamic' needs one scale: model.per_class_scale is True"
    )
  problem = task.problem
  indices = problem.indices(base=True, train=True)
  embedded = base_features(config, problem, trained, workdir, indices)
  margin = metric_learning.margin(config)
  found = None
  if margin.learned:
    names = problem.class_names[: problem.num_base]
    found = metric_learning.meaning(config, names).similarities
  stage = metric_learning.stage(config)
  about = (repr(stage), repr(margin), config.seed, embedded, found)
  path = os.path.join(workdir, 'weight_generator', f'{_fingerprint(about)}.npz')
  if os.path.exists(path):
    with np.load(path) as file:
      return traverse_util.unflatten_dict(dict(file), sep='/')
  params, metrics = lowshot.train_weight_generator(
      jax.random.key(fitting.derived_seed(config.seed, 'weight generator')),
      jnp.asarray(embedded),
      jnp.asarray(problem.labels[indices]),
      jnp.asarray(trained.templates),
      trained.scale,
      stage=stage,
      margin=margin,
      similarities=None if found is None else jnp.asarray(found),
  )
  last = {k: float(np.mean(v[-100:])) for k, v in metrics.items()}
  logging.info('weight generator: %s', last)
  if not np.isfinite(last['loss']):
    raise ValueError(
        'the loss of the weight generator is not finite; lower'
        ' weight_generator.learning_rates'
    )
  flat = traverse_util.flatten_dict(jax.device_get(params), sep='/')
  if jax.process_index() == 0:
    report.arrays.write(path, **flat)
  return traverse_util.unflatten_dict(flat, sep='/')


def base_features(
    config: Any,
    problem: Any,
    trained: Trained,
    workdir: str,
    indices: np.ndarray,
) -> np.ndarray:
  """Stored features of base images, `[m, D]`, or of views `[m, A, D]`."""
  arguments = (
      config,
      trained.representation,
      trained.variables,
      problem,
      indices,
  )
  about = {
      'variables': trained.variables,
      'indices': indices,
      'data': config.data.to_json(),
  }
  views = config.weight_generator.views
  if not views:
    return features.cached(
        workdir, 'base', about, lambda: features.embeddings(*arguments)
    )
  own = config.copy_and_resolve_references()
  own.views = views
  key = task_lib.key_for(config.seed, task_lib.VIEWS)
  return features.cached(
      workdir,
      'base_views',
      {**about, 'views': views, 'seed': config.seed},
      lambda: features.views(own, *arguments[1:], key),
  )


def _fingerprint(tree: Any) -> str:
  digest = hashlib.sha256()
  for leaf in jax.tree.leaves(tree):
    digest.update(
        leaf.encode() if isinstance(leaf, str) else np.asarray(leaf).tobytes()
    )
  return digest.hexdigest()[:16]
