"""Phase 1: a network trained on the base classes, or found already trained."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, lowshot, ops, training, types
from lsl_jax.models import pretrained
from lsl_jax.pipeline import (
    episodic_validation,
    features,
    fitting,
    metric_learning,
    registry,
)
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
  representation = registry.make_representation(
      config,
      problem.num_base,
      training.AXIS_NAMES[config.executor],
      class_names=problem.class_names[: problem.num_base],
  )
  variables = initialise(config, representation)
  evaluate = None
  if validation is not None and config.train.validate_every_epochs:
    validator = _validator
    if config.representation.name in metric_learning.EPISODIC:
      validator = episodic_validation.validator
    evaluate = validator(config, validation, representation)
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
  return finished(config, problem, representation, variables)


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


def finished(
    config: Any,
    problem: Problem,
    representation: types.Representation,
    variables: types.Variables,
) -> Trained:
  """Reads templates and scale off a trained network.

  A classifier that was not trained to lie among the embeddings (lifted
  structure trains none, a linear head is no direction) is replaced by the
  imprinted templates of all base training images, in the variables too; after
  episodes, by their means.
  """
  classifier = variables['params']['classifier']
  templates = classifier['templates']
  untrained = config.representation.name in registry.UNTRAINED_CLASSIFIER
  if untrained or config.model.head != 'cosine':
    indices = problem.indices(base=True, train=True)
    embedded = jnp.asarray(
        features.embeddings(config, representation, variables, problem, indices)
    )
    labels = jnp.asarray(problem.labels[indices])
    if config.representation.name in metric_learning.EPISODIC:
      # Prototypes, which not every metric sees as directions.
      templates = ops.class_means(embedded, labels, problem.num_base)
    else:
      templates = ops.unit(
          ops.class_means(ops.unit(embedded), labels, problem.num_base)
      )
    variables = lowshot.replace_classifier(variables, templates)
  return Trained(
      representation,
      variables,
      np.asarray(templates),
      classifier.get('scale', np.float32(config.model.scale)),
  )


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

  def embed(variables, indices):
    return jnp.asarray(
        features.embeddings(config, representation, variables, problem, indices)
    )

  def evaluate(variables):
    trained = finished(own, problem, representation, variables)
    accuracy = evaluation.generalized(
        task_lib.key_for(config.seed, task_lib.TEMPLATES),
        learner,
        types.Base(jnp.asarray(trained.templates)),
        embed(variables, task.pool),
        jnp.asarray(task.draws),
        embed(variables, task.queries),
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
