"""Base and novel classes together, or novel ones alone: data to numbers."""

from typing import Any

import jax

from lsl_jax import data
from lsl_jax.data.reading import feature_rows
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.problems import sources
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import (
    exporting,
    feature_learners,
    phase1,
    sharing,
    trained_learners,
    tuning,
)
from lsl_jax.pipeline.studies import (
    analogy_pictures,
    config_checks,
    outputs,
    pictures,
)
from lsl_jax.pipeline.studies.study import Outcome

check = config_checks.check


def run(config: Any, workdir: str) -> Outcome | None:
  """Trains, or goes on training, then evaluates every learner on every draw.

  Args:
    config: the whole config.
    workdir: of the run.

  Returns:
    The outcome; None in all processes but the first.
  """
  if config.representation.workdir:
    sharing.take(config, workdir)
  problem, validation = sources.load(config, workdir)
  task = task_lib.make_task(config, problem, validation)
  entries = {name: registry.LEARNERS[name] for name in config.learners}
  by_features = [n for n in entries if entries[n].consumes != 'images']
  by_training = [n for n in entries if entries[n].consumes == 'images']
  trained = None
  if any(entry.make for entry in entries.values()):
    trained = phase1.train(config, problem, validation, workdir)
  if trained is not None and config.export_features:
    exporting.export(config, problem, trained, workdir)
  accuracies = {}
  if trained is not None and by_features:
    accuracies = feature_learners.accuracies(
        config, task, trained, by_features, workdir
    )
  curves = list(
      trained_learners.outcomes(config, task, trained, by_training, workdir)
  )
  if jax.process_index() != 0:
    return None
  rows = outputs.rows(config, accuracies, curves)
  figures = outputs.figures(config, task, rows, curves, workdir)
  has_images = not isinstance(problem.images, feature_rows.FeatureRows)
  if trained is not None and by_features and has_images:
    figures += pictures.figures(config, task, trained, workdir)
    if any('generation' in entries[name].needs for name in by_features):
      figures += analogy_pictures.figures(config, task, trained, workdir)
  outputs.write_trials(workdir, accuracies)
  return Outcome(
      rows,
      figures,
      outputs.title(config, task),
      outputs.note(config, task),
      {
          'data': task.problem.name,
          'num_base': task.num_base,
          'num_novel': task.num_novel,
          'queries': len(task.queries),
          'draws': config.evaluation.draws,
          'draws_hash': data.episode_hash(task.draws),
          **tuning.metadata(workdir, config.learners),
      },
  )
