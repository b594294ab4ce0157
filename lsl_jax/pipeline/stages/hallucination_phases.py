"""Phases of shrinking and hallucinating, each kept and never repeated.

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017. Features of the base classes are clustered, analogies mined
among the centroids, and a generator trained on them; matching networks and
model regression learn from the features themselves.
"""

import os
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import lowshot, models, ops
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import kept, kept_features

# Uses of the run's seed that must not meet, beside those of task.py.
_CLUSTERS, _GENERATOR, _MATCHING, _PAIRS, _REGRESSOR = 11, 12, 13, 14, 15


class Generation(NamedTuple):
  """What hallucinates.

  Attributes:
    params: of the generator.
    centroids: `[C, K, D]` of all base classes.
    module: the generator.
  """

  params: Any
  centroids: jax.Array
  module: models.Hallucinator


def base_examples(
    config: Any, task: task_lib.Task, trained: Trained, workdir: str
) -> tuple[jax.Array, jax.Array]:
  """Features `[M, D]` and labels `[M]` of the task's base classes."""
  labels = jnp.asarray(task.labels[task.base_train])
  if not len(task.base_train):  # in transfer
    return jnp.zeros((0, trained.templates.shape[1])), labels
  rows = _stored(config, task.problem, trained, workdir, task.base_train)
  return jnp.asarray(rows), labels


def all_base_examples(
    config: Any, task: task_lib.Task, trained: Trained, workdir: str
) -> tuple[np.ndarray, np.ndarray]:
  """The same of all base classes, also of those that are not evaluated."""
  source = task.base_source
  indices = source.indices(base=True, train=True)
  if source is not task.problem:  # images of their own, in a store of their own
    workdir = os.path.join(workdir, 'base')
  rows = _stored(config, source, trained, workdir, indices)
  return rows, source.labels[indices]


def centroids(
    config: Any, task: task_lib.Task, trained: Trained, workdir: str
) -> np.ndarray:
  """k-means of every base class, `[C, K, D]`."""
  options = config.hallucination
  rows, labels = all_base_examples(config, task, trained, workdir)

  def compute():
    return {
        'centroids': lowshot.class_centroids(
            task_lib.key_for(config.seed, _CLUSTERS),
            rows,
            labels,
            num_classes=task.base_source.num_base,
            num_centroids=options.centroids,
            iterations=options.clustering_steps,
            variant=options.clustering,
        )
    }

  about = {
      'features': rows,
      'labels': labels,
      'seed': config.seed,
      'options': (
          options.centroids,
          options.clustering_steps,
          options.clustering,
      ),
  }
  path = kept.folder(workdir, 'centroids.npz')
  return kept.kept(path, about, compute)['centroids']


def analogies(
    config: Any, centroids: np.ndarray, workdir: str
) -> ops.Analogies:
  """Mined analogies, kept class by class: a long search can be stopped.

  Args:
    config: the whole config.
    centroids: what the phase of that name found.
    workdir: of the run.

  Returns:
    The analogies of all classes.
  """

  def compute(missing):
    mined = ops.mine_by_class(
        centroids, missing, tile=config.hallucination.tile
    )
    return (block._asdict() for block in mined)

  paths = [
      kept.folder(workdir, f'analogies/{own:04d}.npz')
      for own in range(len(centroids))
  ]
  blocks = kept.kept_parts(paths, {'centroids': centroids}, compute)
  return ops.Analogies(
      np.concatenate([block['quadruples'] for block in blocks]),
      np.concatenate([block['cosine'] for block in blocks]),
  )


def generation(
    config: Any, task: task_lib.Task, trained: Trained, workdir: str
) -> Generation:
  """Trains the generator through the representation's frozen classifier.

  Its last ReLU is left out where features may be negative.
  """
  options = config.hallucination.generator
  rows = centroids(config, task, trained, workdir)
  found = jnp.asarray(rows)
  module = models.Hallucinator(
      hidden=options.hidden, rectify=bool(jnp.min(found) >= 0)
  )

  def compute():
    mined = analogies(config, rows, workdir)
    return lowshot.train_generator(
        task_lib.key_for(config.seed, _GENERATOR),
        jnp.asarray(mined.quadruples),
        found,
        jnp.asarray(trained.classifier),
        weight=options.weight,
        iterations=options.iterations,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        decay_every=options.decay_every,
        weight_decay=options.weight_decay,
        generator=module,
    )[0]

  # Analogies follow from the centroids, so that nobody need mine them to know.
  about = {
      'centroids': rows,
      'classifier': trained.classifier,
      'seed': config.seed,
      'options': _without(options, 'per_class'),
  }
  path = kept.folder(workdir, 'generator.npz')
  return Generation(kept.kept_tree(path, about, compute), found, module)


def matching(
    config: Any, task: task_lib.Task, trained: Trained, workdir: str
) -> Any:
  """Parameters of a matching network, trained on episodes of base classes."""
  options = config.hallucination.matching
  rows, labels = all_base_examples(config, task, trained, workdir)

  def compute():
    return lowshot.train_matching_network(
        task_lib.key_for(config.seed, _MATCHING),
        jnp.asarray(rows),
        jnp.asarray(labels),
        num_classes=task.base_source.num_base,
        **_without(options, 'per_class'),
    )[0]

  about = {
      'features': rows,
      'labels': labels,
      'seed': config.seed,
      'options': _without(options, 'per_class'),
  }
  return kept.kept_tree(kept.folder(workdir, 'matching.npz'), about, compute)


def regression(
    config: Any, task: task_lib.Task, trained: Trained, workdir: str
) -> Any:
  """Parameters of a model regression network, from base classes."""
  options, fit = config.hallucination.regression, config.hallucination.logistic
  rows, labels = all_base_examples(config, task, trained, workdir)
  num_classes = task.base_source.num_base

  def compute():
    features_, labels_ = jnp.asarray(rows), jnp.asarray(labels)
    pairs = lowshot.classifier_pairs(
        task_lib.key_for(config.seed, _PAIRS),
        features_,
        labels_,
        num_classes=num_classes,
        shots=tuple(options.shots),
        repeats=options.repeats,
        iterations=fit.iterations,
        batch_size=fit.batch_size,
        learning_rate=fit.learning_rate,
        weight_decay=fit.weight_decay,
    )
    return lowshot.train_regressor(
        task_lib.key_for(config.seed, _REGRESSOR),
        pairs,
        features_,
        labels_,
        num_classes=num_classes,
        weight=options.weight,
        iterations=options.iterations,
        learning_rate=options.learning_rate,
    )[0]

  about = {
      'features': rows,
      'labels': labels,
      'seed': config.seed,
      'options': options.to_dict(),
      'fit': fit.to_dict(),
  }
  return kept.kept_tree(kept.folder(workdir, 'regression.npz'), about, compute)


def _stored(config, problem, trained, workdir, indices) -> np.ndarray:
  return kept_features.stored(
      config,
      problem,
      trained.representation,
      trained.variables,
      workdir,
      indices,
  )


def _without(options: Any, name: str) -> dict[str, Any]:
  return {k: v for k, v in options.to_dict().items() if k != name}
