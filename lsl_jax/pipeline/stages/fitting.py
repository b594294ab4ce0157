"""Trains a network on some images of a problem: phase 1, and fine-tuning."""

from collections.abc import Callable, Mapping, Sequence
import functools
import json
import os
from typing import Any
import zlib

from absl import logging
import jax
import numpy as np

from lsl_jax import data, report, training, types
from lsl_jax.data.augmentation import augment, augment_spec
from lsl_jax.data.streaming import streams
from lsl_jax.pipeline import choices
from lsl_jax.pipeline.problems.problem import Problem

NORMALISATIONS = {
    'symmetric': ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    'imagenet': (augment.IMAGENET_MEAN, augment.IMAGENET_STD),
    # (x - 127) / 128
    'efficientnet_lite': ((127 / 255,) * 3, (128 / 255,) * 3),
    'cifar100': ((0.507, 0.487, 0.441), (0.267, 0.256, 0.276)),
}
SELECT = ('last', 'best')
Evaluate = Callable[[types.Variables], dict[str, float]]


def normalisation(config: Any) -> dict[str, tuple[float, ...]]:
  """Mean and standard deviation as keywords of `augment.normalise`."""
  mean, std = choices.choose(
      NORMALISATIONS, config.data.normalisation, 'data.normalisation'
  )
  return {'mean': mean, 'std': std}


def augmentation(config: Any) -> augment_spec.Spec:
  """The random views that training sees; what is erased becomes zero."""
  options = config.data.augment.to_dict()
  options['mask'] = tuple(255 * mean for mean in normalisation(config)['mean'])
  size = config.data.size
  if options['crop'] == 'none':
    if size == config.data.resize:
      size = None
    else:  # as in evaluation
      options['crop'] = 'centre'
  return augment_spec.make_spec({**options, 'size': size})


def fit(
    config: Any,
    recipe: Any,
    problem: Problem,
    representation: types.Representation,
    variables: types.Variables,
    *,
    indices: np.ndarray,
    labels: np.ndarray | None = None,
    folder: str,
    title: str,
    seed: int,
    evaluate: Evaluate | None = None,
    evaluate_epochs: float = 0.0,
    evaluate_start: bool = False,
    stream: streams.Stream | None = None,
    frozen: Sequence[Any] = (),
) -> types.Variables:
  """Trains until the recipe's last epoch, going on from a checkpoint if any.

  Args:
    config: the whole config.
    recipe: `config.train` or `config.finetune`.
    problem: where the images are.
    representation: whose loss is lowered.
    variables: to start from.
    indices: `[m]` which images are trained on.
    labels: `[M]` their classes; by default the problem's.
    folder: for checkpoints and curves.
    title: what the progress bar calls this.
    seed: of order, augmentation and dropout.
    evaluate: variables -> scalars, for curves; `validation` among them decides
      which checkpoint is the best.
    evaluate_epochs: epochs between evaluations; 0: never.
    evaluate_start: whether to evaluate before the first step, too.
    stream: batches other than those that `make_stream` makes of the indices.
    frozen: arrays that the loss takes beside the batch and does not train.

  Returns:
    The variables of the last step, or of the best one, as NumPy arrays.
  """
  mesh = training.sharding.mesh()
  if stream is None:
    stream = make_stream(config, recipe, problem, indices, labels, seed, mesh)
  num_steps = recipe.iterations or _steps(recipe.epochs, stream) or 0
  executor, optimizer = _machinery(
      config.executor,
      representation.loss,
      recipe.optimizer.to_json(sort_keys=True),
      stream.steps_per_epoch,
      num_steps,
      mesh,
  )
  if frozen:
    run, placed = executor.run, executor.put_state(tuple(frozen))
    executor = executor._replace(run=lambda *own: run(*own, *placed))
  state = training.TrainState.create(variables, optimizer)
  with training.Checkpoints(
      os.path.join(folder, 'checkpoints'), best='validation'
  ) as checkpoints:
    state = checkpoints.restore(state) or state
    start = int(state.step)
    with (
        # Begun anew, a run logs step 0 anew.
        report.Writer(folder, resumed_step=start or -1) as writer,
        report.Progress(
            title, num_steps, start=start, enabled=jax.process_index() == 0
        ) as bar,
    ):

      def on_metrics(step, scalars):
        writer.write(step, scalars)
        bar.update(step, **_shown(scalars))

      if evaluate and evaluate_start and start == 0:
        on_metrics(0, evaluate(state.variables))
      state = training.fit(
          executor,
          state,
          stream.batches,
          key=jax.random.key(seed),
          num_steps=num_steps,
          checkpoints=checkpoints,
          save_every=_steps(recipe.checkpoint_every_epochs, stream),
          evaluate=evaluate and (lambda s: evaluate(s.variables)),
          evaluate_every=_steps(evaluate_epochs, stream),
          on_metrics=on_metrics,
          log_every=recipe.log_every,
      )
    if recipe.select == 'best' and checkpoints.best_step is not None:
      state = checkpoints.restore(state, step=checkpoints.best_step) or state
      logging.info('%s: the best step is %d', title, int(state.step))
  return state.variables


def restore(
    folder: str, recipe: Mapping[str, Any], variables: types.Variables
) -> types.Variables:
  """The network that a run has trained, from its newest checkpoint.

  Args:
    folder: of the run.
    recipe: by which it was trained.
    variables: of the same network.

  Returns:
    Its variables.

  Raises:
    FileNotFoundError: there is no checkpoint.
    training.CorruptCheckpointError: none can be read.
  """
  optimizer = training.optimizer.make(
      recipe['optimizer'], steps_per_epoch=1, num_steps=1
  )
  state = training.TrainState.create(variables, optimizer)
  with training.Checkpoints(
      os.path.join(folder, 'checkpoints'), best='validation'
  ) as checkpoints:
    state = checkpoints.restore(state)
  if state is None:
    raise FileNotFoundError(f'{folder} holds no checkpoint')
  return state.variables


@functools.lru_cache(maxsize=8)
def _machinery(
    name: str,
    loss: Callable[..., Any],
    recipe: str,
    steps_per_epoch: float,
    num_steps: int,
    mesh: jax.sharding.Mesh,
) -> tuple[training.Executor, training.Optimizer]:
  """The same step for the same training, compiled once for all draws."""
  optimizer = training.optimizer.make(
      json.loads(recipe), steps_per_epoch=steps_per_epoch, num_steps=num_steps
  )
  return training.executor.make(name, loss, optimizer, mesh=mesh), optimizer


def derived_seed(seed: int, *purpose: Any) -> int:
  """A seed of its own for each purpose, the same on every machine."""
  return zlib.crc32(repr((seed, *purpose)).encode()) & 0x7FFFFFFF


def make_stream(
    config: Any,
    recipe: Any,
    problem: Problem,
    indices: np.ndarray,
    labels: np.ndarray | None,
    seed: int,
    mesh: jax.sharding.Mesh,
) -> streams.Stream:
  """Batches of some images, from memory or through workers."""
  # pmap wants each process's rows; jit, rows already where they belong.
  local = config.executor == 'pmap'
  arguments: dict[str, Any] = {
      'indices': indices,
      'seed': seed,
      'spec': augmentation(config),
      **_sampling(recipe),
      **normalisation(config),
      'sharding': None if local else training.sharding.divided(mesh),
      'process_index': jax.process_index() if local else None,
      'process_count': jax.process_count() if local else None,
  }
  labels = problem.labels if labels is None else labels
  if problem.in_memory:
    return data.in_memory(problem.images, labels, **arguments)
  return data.streamed(
      problem.images,
      labels,
      resize=config.data.resize,
      keep_aspect=config.data.keep_aspect,
      bad=config.data.bad,
      workers=config.data.workers,
      **arguments,
  )


def _sampling(recipe: Any) -> dict[str, Any]:
  """Which images a batch has; of episodes, these say how many."""
  if recipe.sampling != 'episodes':
    return {'sampling': recipe.sampling, 'batch_size': recipe.batch_size}
  episodes = data.EpisodeSampling(**recipe.episodes)
  return {'sampling': episodes, 'batch_size': episodes.batch_size}


def _steps(epochs: float, stream: streams.Stream) -> int | None:
  return max(1, round(epochs * stream.steps_per_epoch)) if epochs else None


def _shown(scalars: dict[str, float]) -> dict[str, float]:
  names = ('loss', 'accuracy', 'validation')
  return {name: scalars[name] for name in names if name in scalars}
