"""Learners that train the network: fine-tuning, and all classes jointly.

Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
sections 6.2 and 6.3.
"""

from collections.abc import Iterator, Sequence
import json
import os
import shutil
from typing import Any

import jax
from jax.experimental import multihost_utils
import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, lowshot, report, training, types
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.learners.trained import Context, Trained
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import features, fitting, phase1

# {'learner', 'shots', 'draw', 'epochs' [P], 'accuracy': {name: [P]}}
Outcome = dict[str, Any]


def outcomes(
    config: Any,
    task: task_lib.Task,
    trained: Trained | None,
    names: Sequence[str],
    workdir: str,
) -> Iterator[Outcome]:
  """Trains the network for every learner, number of shots and draw.

  A combination that has been trained before is read, not trained again; one
  that was interrupted goes on from its checkpoint.

  Args:
    config: the whole config.
    task: what is to be learned and tested.
    trained: phase 1's network; None where only `joint` is asked for.
    names: learners of the registry that consume images.
    workdir: of the run; each combination gets a folder of its own in it.

  Yields:
    The test accuracy over epochs of one combination.
  """
  for name in names:
    for shots in config.evaluation.shots:
      for draw in range(config.evaluation.trained_draws):
        folder = os.path.join(workdir, 'trained', f'{name}_n{shots}_draw{draw}')
        path = os.path.join(folder, 'outcome.json')
        if not os.path.exists(path):
          epoch = _train(config, task, trained, name, shots, draw, folder)
          if jax.process_index() == 0:
            outcome = {'learner': name, 'shots': shots, 'draw': draw}
            outcome |= _curve(folder, epoch)
            report.atomic.write(path, json.dumps(outcome, indent=1))
          if jax.process_count() > 1:
            multihost_utils.sync_global_devices(f'{folder} is finished')
        if jax.process_index() == 0:
          # Hundreds of networks: their curves are kept, their weights not.
          shutil.rmtree(os.path.join(folder, 'checkpoints'), ignore_errors=True)
        with open(path, encoding='utf-8') as file:
          yield json.load(file)


def _train(
    config: Any,
    task: task_lib.Task,
    trained: Trained | None,
    name: str,
    shots: int,
    draw: int,
    folder: str,
) -> float:
  """Trains on one support set, logging accuracy; gives the steps an epoch.

  Cross-entropy tunes the classifier, whatever taught the embeddings.
  """
  support = task.support(draw, shots)
  axis_name = training.AXIS_NAMES[config.executor]
  if trained is None or registry.LEARNERS[name].make is None:
    recipe = config.joint
    # Neither embeddings nor weights are normalised (section 6.2).
    representation = registry.make_representation(
        config,
        task.num_classes,
        axis_name,
        loss='softmax',
        head='linear',
        normalise=False,
    )
    variables = phase1.initialise(config, representation)
  else:
    recipe = config.finetune
    representation = registry.make_representation(
        config, task.num_classes, axis_name, loss='softmax'
    )
    variables = _start(config, task, trained, name, support, draw)

  def evaluate(variables):
    logits = features.logits(
        config, representation, variables, task.problem, task.queries
    )
    return evaluation.accuracies(
        jnp.asarray(logits),
        jnp.asarray(task.query_labels),
        num_base=task.num_base,
        top=tuple(config.evaluation.top),
        spaces=tuple(config.evaluation.spaces),
        novel_prior=config.evaluation.novel_prior,
    )

  indices = np.concatenate([task.base_train, support])
  fitting.fit(
      config,
      recipe,
      task.problem,
      representation,
      variables,
      indices=indices,
      labels=task.labels,
      folder=folder,
      title=f'{registry.LEARNERS[name].title}, n={shots}, draw {draw}',
      seed=fitting.derived_seed(config.seed, name, shots, draw),
      evaluate=evaluate,
      evaluate_epochs=config.evaluation.curve_every_epochs,
      evaluate_start=True,
  )
  return len(indices) / recipe.batch_size


def _start(
    config: Any,
    task: task_lib.Task,
    trained: Trained,
    name: str,
    support: np.ndarray,
    draw: int,
) -> types.Variables:
  """Phase 1's network with rows for the novel classes, not yet fine-tuned."""
  # Only templates are taken from it: base classes, and scales, stay outside.
  make = registry.LEARNERS[name].make
  assert make is not None  # or there would be nothing to start from
  learner = make(Context(config, trained, np.mean(trained.scale), {}))
  embedded = features.embeddings(
      config, trained.representation, trained.variables, task.problem, support
  )
  key = task_lib.key_for(config.seed, task_lib.TEMPLATES)
  templates = learner.fit(
      jax.random.fold_in(key, draw),
      types.Base(jnp.zeros((0, embedded.shape[-1]))),
      types.Support(
          jnp.asarray(embedded),
          jnp.asarray(task.labels[support] - task.num_base),
          task.num_novel,
      ),
  )
  variables = trained.variables
  rows = jnp.asarray(trained.classifier)
  if config.model.head == 'linear':
    # Novel rows as long as those of base classes are on average; spare ones,
    # of no class, come after these.
    lengths = jnp.linalg.norm(rows[: task.base_source.num_base], axis=1)
    templates = templates * jnp.mean(lengths)
  if not task.num_base:
    return lowshot.replace_classifier(variables, templates)
  if len(task.base_classes) < len(rows):
    chosen = variables['params']['classifier']['templates'][task.base_classes]
    variables = lowshot.replace_classifier(variables, jnp.asarray(chosen))
  return lowshot.extend_classifier(variables, templates)


def _curve(folder: str, steps_per_epoch: float) -> dict[str, Any]:
  """Accuracy over epochs, as the run has logged it."""
  path = os.path.join(folder, report.METRICS_FILE)
  records = [
      record
      for record in report.jsonl.read(path)
      if any('/top' in name for name in record)
  ]
  names = [name for name in records[-1] if '/top' in name]
  return {
      'epochs': [record['step'] / steps_per_epoch for record in records],
      'accuracy': {
          name: [record[name] for record in records] for name in names
      },
  }
