"""Phase 1: a network trained on the base classes, or found already trained."""

import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, lowshot, training, types
from lsl_jax.data.reading import feature_rows
from lsl_jax.models import pretrained
from lsl_jax.pipeline.learners import metric_learning, registry
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.problems.problem import Problem
from lsl_jax.pipeline.stages import (
    episodic_validation,
    features,
    finishing,
    fitting,
    kept_features,
    sharing,
)

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
    return finishing.of_features(config, problem)
  representation = registry.make_representation(
      config,
      problem.num_base + config.model.spare_rows,
      training.AXIS_NAMES[config.executor],
      class_names=problem.class_names[: problem.num_base],
  )
  variables = initialise(config, representation)
  if config.representation.start:
    variables = _started(config, variables)
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
  embed = lambda indices: kept_features.stored(
      config, problem, representation, variables, workdir, indices
  )
  return finishing.finished(config, problem, representation, variables, embed)


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
  sharing.refuse(
      differing, f'representation.start: the network of {source} is another one'
  )
  return fitting.restore(source, theirs['train'], variables)


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
    trained = finishing.finished(own, problem, representation, variables, embed)
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
