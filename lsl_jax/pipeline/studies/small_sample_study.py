"""N images a class, the full test set, several seeds.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020, section 4.
"""

import json
import os
import shutil
from typing import Any

import jax
from jax.experimental import multihost_utils
import jax.numpy as jnp
import numpy as np

from lsl_jax import data, evaluation, report, synthesis, training, types
from lsl_jax.evaluation import metrics
from lsl_jax.pipeline.cglo import cglo, cglo_sharing
from lsl_jax.pipeline.problems import samples
from lsl_jax.pipeline.problems.problem import Problem
from lsl_jax.pipeline.stages import features, fitting, mixing, phase1
from lsl_jax.pipeline.studies import (
    cglo_pictures,
    small_sample_checks,
    small_sample_objective,
)
from lsl_jax.pipeline.studies.study import Outcome
from lsl_jax.representation import mixmatch_objective

METHODS = small_sample_checks.METHODS
check = small_sample_checks.check


def run(config: Any, workdir: str) -> Outcome | None:
  """Draws, trains and tests for every seed, going on from the workdir.

  Args:
    config: the whole config.
    workdir: of the run.

  Returns:
    The outcome; None in all processes but the first.
  """
  task = config.small_sample
  problem = samples.load(config)
  if task.method == 'cglo' and config.cglo.workdir:
    cglo_sharing.take(config, workdir)
  representation = small_sample_objective.make(config, problem)
  outcomes, paths = [], []
  for number in range(task.seeds):
    seed = fitting.derived_seed(config.seed, 'small sample', number)
    sample = samples.draw(config, problem, seed)
    path = os.path.join(workdir, f'seed{number}', 'outcome.json')
    if not os.path.exists(path):
      outcome, drawn = _one(
          config, problem, sample, seed, number, representation, workdir
      )
      if jax.process_index() == 0:
        outcome['figures'] = drawn
        outcome['sample_hash'] = data.episode_hash(jnp.asarray(sample.labelled))
        report.atomic.write(path, json.dumps(outcome, indent=1))
        # The curves are kept, the classifier's weights not.
        classifier = samples.folder(workdir, number, 'classifier')
        shutil.rmtree(
            os.path.join(classifier, 'checkpoints'), ignore_errors=True
        )
      if jax.process_count() > 1:
        multihost_utils.sync_global_devices(f'seed {number} is finished')
    with open(path, encoding='utf-8') as file:
      outcomes.append(json.load(file))
    paths += outcomes[-1]['figures']
  if jax.process_index() != 0:
    return None
  return Outcome(
      _rows(config, outcomes),
      paths,
      f'{problem.name}: {task.shots} images of each of'
      f' {problem.num_classes} classes',
      f'Accuracy on {outcomes[0]["queries"]}'
      f' {"test" if task.report == "test" else "held-out training"} images:'
      f' mean ± standard error over {task.seeds} seeds, each with a sample of'
      f' its own; seed {config.seed}.',
      {
          'data': problem.name,
          'classes': problem.num_classes,
          'queries': outcomes[0]['queries'],
          'samples': [outcome['sample_hash'] for outcome in outcomes],
          'accuracies': [outcome['accuracy'] for outcome in outcomes],
      },
  )


def _one(
    config: Any,
    problem: Problem,
    sample: samples.Sample,
    seed: int,
    number: int,
    representation: types.Representation,
    workdir: str,
) -> tuple[dict[str, Any], list[str]]:
  """Trains on one sample; accuracy, and paths of figures."""
  task = config.small_sample
  repeated = np.tile(sample.labelled, samples.repetitions(config))
  labels, frozen, stream, drawn = problem.labels, (), None, []
  if task.method == 'cglo':
    trained = cglo.train(
        config,
        problem,
        sample,
        fitting.derived_seed(seed, 'cglo'),
        samples.folder(workdir, number, 'cglo'),
    )
    own = problem.labels[sample.labelled]
    bank = synthesis.make_bank(
        jnp.asarray(trained.codes), own, problem.num_classes
    )
    frozen = (trained.variables, bank)
    # Batches tell which image of the sample each of theirs is.
    labels = np.full(len(problem.labels), -1, np.int32)
    labels[sample.labelled] = np.arange(len(sample.labelled))
    if number == 0 and jax.process_index() == 0:
      drawn = cglo_pictures.figures(trained, bank, problem, config, workdir)
  elif task.method == 'mixmatch':
    stream = mixing.make_stream(
        config,
        problem,
        repeated,
        sample.unlabelled,
        fitting.derived_seed(seed, 'classifier'),
        training.sharding.mesh(),
    )
  variables = phase1.initialise(config, representation)
  if mixmatch_objective.AVERAGE in variables:
    # Published weights, if any, are where the average starts, too.
    average = jax.tree.map(jnp.array, variables['params'])
    variables = {**variables, mixmatch_objective.AVERAGE: average}

  variables = fitting.fit(
      config,
      config.train,
      problem,
      representation,
      variables,
      indices=repeated,
      labels=labels,
      folder=samples.folder(workdir, number, 'classifier'),
      title=f'classifier, seed {number}',
      seed=fitting.derived_seed(seed, 'classifier'),
      stream=stream,
      frozen=frozen,
  )
  logits = features.logits(
      config, representation, variables, problem, sample.queries
  )
  right = problem.labels[sample.queries]
  accuracy = {
      f'top{k}': float(
          metrics.accuracy(
              metrics.top_k(jnp.asarray(logits), jnp.asarray(right), k)
          )
      )
      for k in config.evaluation.top
  }
  return {'accuracy': accuracy, 'queries': len(sample.queries)}, drawn


def _rows(config: Any, outcomes: list[dict[str, Any]]) -> list[dict[str, Any]]:
  """One row a metric; the half-width is the standard error."""
  task = config.small_sample
  rows = []
  for metric in outcomes[0]['accuracy']:
    values = [outcome['accuracy'][metric] for outcome in outcomes]
    error = float(evaluation.standard_error(values))
    rows.append(
        {
            'method': task.title or METHODS[task.method],
            'shots': task.shots,
            'split': 'all',
            'metric': metric,
            'mean': float(np.mean(values)),
            'half_width': None if np.isnan(error) else error,
            'interval': 'standard error',
            'trials': len(values),
        }
    )
  return rows
