"""Phase 1: a network trained on the base classes, or found already trained."""

from collections.abc import Callable
import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, lowshot, ops, training, types
from lsl_jax.data import feature_rows
from lsl_jax.models import pretrained
from lsl_jax.pipeline import features, fitting, registry, sharing
from lsl_jax.pipeline import task as task_lib
from lsl_jax.pipeline.problem import Problem
from lsl_jax.pipeline.trained import Trained

# Enough draws for a curve whose noise is well below what training changes.
_VALIDATION_DRAWS = 20


def train(
    config: Any, problem: Problem, validation: Problem | None, workdir: str
) -> Trained:
  """Trains on the base classes, or goes on where an earlier run stopped.

  Args:
    config: the whole config.
    problem: base classes and the novel ones, of which nothing is used here.
    validation: base and validation classes; None where there are none, and
      then no checkpoint is the best.
    workdir: of the run.

  Returns:
    The trained network.
  """
  if isinstance(problem.images, feature_rows.FeatureRows):
    return of_features(config, problem)
  representation = registry.make_representation(
      config,
      problem.num_base + config.model.spare_rows,
      training.AXIS_NAMES[config.executor],
  )
  variables = initialise(config, representation)
  if config.representation.start:
    variables = _started(config, variables)
  evaluate = None
  if validation is not None and config.train.validate_every_epochs:
    evaluate = _validator(config, validation, representation)
  variables = fitting.fit(
      config,
      config.train,
      problem,
      representation,
      variables,
      indices=problem.indices(base=True, train=True),
      folder=workdir,
      title='phase 1',
      seed=fitting.derived_seed(config.seed, 'phase 1'),
      evaluate=evaluate,
      evaluate_epochs=config.train.validate_every_epochs,
  )
  embed = lambda indices: features.stored(
      config, problem, representation, variables, workdir, indices
  )
  return finished(config, problem, representation, variables, embed)


def initialise(
    config: Any, representation: types.Representation
) -> types.Variables:
  """Fresh variables, the backbone's from a published file if one is named.

  Raises:
    FileNotFoundError: the file is missing.
    ValueError: it does not fit the backbone.
  """
  size = config.data.size
  image = jnp.zeros((1, size, size, 3))
  variables = jax.jit(representation.init)(jax.random.key(config.seed), image)
  if config.model.pretrained:
    variables = pretrained.load(
        config.model.pretrained, config.model.backbone, variables
    )
  return variables


def _started(config: Any, variables: types.Variables) -> types.Variables:
  """The network of a finished run: what training goes on from."""
  source = os.path.expanduser(config.representation.start)
  theirs = sharing.finished(source, 'representation.start')
  differing = sharing.differences(
      config.to_dict(), theirs, parts=('seed', 'data', 'model')
  )
  if differing:
    raise ValueError(
        f'representation.start: the network of {source} is another one:\n'
        + '\n'.join(f'  {line}' for line in differing)
    )
  return fitting.restore(source, theirs['train'], variables)


def finished(
    config: Any,
    problem: Problem,
    representation: types.Representation,
    variables: types.Variables,
    embed: Callable[[np.ndarray], np.ndarray],
) -> Trained:
  """Reads templates, classifier and scale off a trained network.

  Rows of a linear head are no directions among the embeddings: templates are
  then imprinted from all base training images, while the head stays as it was
  trained. Lifted structure trains no classifier at all; it gets the templates.

  Args:
    config: the whole config.
    problem: base classes.
    representation: its functions.
    variables: as they were trained.
    embed: embeddings of images by index.

  Returns:
    The trained network.
  """
  classifier = variables['params']['classifier']
  scale = classifier.get('scale', np.float32(config.model.scale))
  rows = np.asarray(classifier['templates'])
  if config.representation.name != 'lifted' and config.model.head == 'cosine':
    return Trained(representation, variables, rows, scale, _scaled(rows, scale))
  indices = problem.indices(base=True, train=True)
  templates = _imprinted(embed(indices), problem.labels[indices], problem)
  if config.representation.name == 'lifted':
    variables = lowshot.replace_classifier(variables, jnp.asarray(templates))
    rows = _scaled(templates, scale)
  return Trained(representation, variables, templates, scale, rows)


def of_features(config: Any, problem: Problem) -> Trained:
  """What a file of features tells of the network that made them.

  Without a classifier in the file, one without bias is fitted to the base
  features, which is where the network's own would have ended.
  """
  images = problem.images
  indices = problem.indices(base=True, train=True)
  embedded, labels = images.features[indices], problem.labels[indices]
  rows = images.classifier
  if rows is not None and len(rows) < problem.num_base:
    raise ValueError(
        f'{problem.name!r}: its classifier has {len(rows)} rows, the split'
        f' {problem.num_base} base classes; one row a base class, in the order'
        ' of the split'
    )
  if rows is None:
    rows = lowshot.fit_classifier(
        jnp.asarray(embedded, jnp.float32),
        jnp.asarray(labels),
        num_classes=problem.num_base,
    )
  no_network: Any = None
  return Trained(
      no_network,
      {'features': np.asarray(embedded), 'labels': labels},
      _imprinted(embedded, labels, problem),
      np.float32(config.model.scale),
      np.asarray(rows[: problem.num_base]),
  )


def _imprinted(
    embedded: np.ndarray, labels: np.ndarray, problem: Problem
) -> np.ndarray:
  means = ops.class_means(
      ops.unit(jnp.asarray(embedded, jnp.float32)),
      jnp.asarray(labels),
      problem.num_base,
  )
  return np.asarray(ops.unit(means))


def _scaled(templates: np.ndarray, scale: Any) -> np.ndarray:
  scale = jnp.broadcast_to(jnp.asarray(scale), (len(templates),))
  return np.asarray(scale[:, None] * ops.unit(jnp.asarray(templates)))


def _validator(
    config: Any, problem: Problem, representation: types.Representation
) -> fitting.Evaluate:
  """One-shot and many-shot imprinting among base and validation classes."""
  shots = [n for n in (1, 5) if n <= max(config.evaluation.shots)] or [1]
  own = config.copy_and_resolve_references()
  with own.unlocked():
    own.evaluation.shots = shots
    own.evaluation.draws = own.evaluation.trained_draws = _VALIDATION_DRAWS
    own.evaluation.protocol = 'generalized'
  task = task_lib.make_task(own, problem)
  # Compiled once: one scale for all classes changes no decision.
  learner = lowshot.imprint(scale=1.0)

  def evaluate(variables):
    embed = lambda indices: features.embeddings(
        config, representation, variables, problem, indices
    )
    trained = finished(own, problem, representation, variables, embed)
    accuracy = evaluation.generalized(
        task_lib.key_for(config.seed, task_lib.TEMPLATES),
        learner,
        types.Base(jnp.asarray(trained.templates[task.base_classes])),
        jnp.asarray(embed(task.pool)),
        jnp.asarray(task.draws),
        jnp.asarray(embed(task.queries)),
        jnp.asarray(task.query_labels),
        shots=tuple(shots),
        top=(1,),
    )
    means = {
        f'validation/{name}/n{n}': float(np.mean(values[:, i]))
        for name, values in accuracy.items()
        for i, n in enumerate(shots)
    }
    return {**means, 'validation': means[f'validation/all/top1/n{shots[-1]}']}

  return evaluate
