"""Trains cGLO on one sample: codes and images divided among devices together.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020.
"""

import os
from typing import Any, NamedTuple

import jax
import numpy as np

from lsl_jax import models, report, synthesis, training, types
from lsl_jax.pipeline.cglo import cglo_codes, cglo_training, perceptual
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import samples
from lsl_jax.pipeline.problems.problem import Problem
from lsl_jax.synthesis import codes as codes_lib
from lsl_jax.synthesis import step as step_lib

CLASSIFIERS = {'image': 'image', 'code': 'code', 'none': None}


class Trained(NamedTuple):
  """A trained cGLO.

  Attributes:
    generation: its functions.
    variables: of the generator, NumPy arrays.
    codes: of the labelled images, in the order of the sample, `[n, Z]`.
    images: that the generator was to make, in the order of the sample, labelled
      ones first, `[n + u, S, S, 3]` uint8.
  """

  generation: synthesis.Generation
  variables: types.Variables
  codes: np.ndarray
  images: np.ndarray


def train(
    config: Any,
    problem: Problem,
    sample: samples.Sample,
    seed: int,
    folder: str,
) -> Trained:
  """Trains until the last epoch, going on from a checkpoint if any.

  Args:
    config: the whole config.
    problem: where the images are.
    sample: its labelled and unlabelled images are reconstructed.
    seed: of weights, codes, order and noise.
    folder: for checkpoints and curves.

  Returns:
    The trained generator and codes.
  """
  spec = config.cglo
  generation = make_generation(config, problem.num_classes)
  indices = np.concatenate([sample.labelled, sample.unlabelled])
  images = problem_lib.crops(config, problem, indices, size=spec.size)
  labels = np.full(len(indices), -1, np.int32)
  labels[: len(sample.labelled)] = problem.labels[sample.labelled]
  if len(images) < spec.parts:
    raise ValueError(
        f'cglo.parts={spec.parts}, but there are only {len(images)} images'
    )
  mesh = training.sharding.mesh()
  rows = cglo_training.Rows(
      len(images),
      spec.parts,
      spec.batch_size // spec.parts,
      samples.repetitions(config) if spec.oversample else 1,
      seed,
      labelled=len(sample.labelled),
  )
  num_steps = max(1, round(spec.epochs * rows.steps_per_epoch))
  groups, run = cglo_training.machinery(
      generation,
      spec.to_json(sort_keys=True),
      rows.steps_per_epoch,
      num_steps,
      mesh,
  )
  key = jax.random.key(seed)
  values = cglo_codes.initial(
      config, jax.random.fold_in(key, 1), images, labels, problem.num_classes
  )
  state = step_lib.create(
      jax.jit(generation.init)(jax.random.fold_in(key, 2), values[:2]),
      codes_lib.create(values, parts=spec.parts),
      groups,
  )
  pool = [
      cglo_training.put_parts(codes_lib.divide(array, spec.parts), mesh)
      for array in (images, labels)
  ]
  measure = training.sharding.replicate(perceptual.make(spec.perceptual), mesh)
  executor = training.Executor(
      mesh=mesh,
      put_state=lambda tree: cglo_training.put_state(tree, mesh),
      put_batch=lambda batch: cglo_training.put_parts(batch, mesh),
      run=lambda *own: run(*own, *pool, measure),
      fetch=lambda tree: jax.tree.map(cglo_training.fetch, tree),
  )
  state: Any = _fit(
      config, executor, state, rows, key, num_steps=num_steps, folder=folder
  )
  codes = codes_lib.join(state.codes.values, len(images))
  return Trained(
      generation,
      generation.of_generator(state.variables),
      np.asarray(codes)[: len(sample.labelled)],
      images,
  )


def make_generation(config: Any, num_classes: int) -> synthesis.Generation:
  """The networks that a config describes, with their losses."""
  spec = config.cglo
  make = models.GENERATORS[spec.generator.name]
  size = spec.size or config.data.size
  generator = models.NoisyGenerator(
      make(size=size, **spec.generator.options.to_dict()), spec.noise_layer
  )
  kind = CLASSIFIERS[spec.classifier]
  options = spec.classifier_options.to_dict()
  for name, value in options.items():  # modules must be hashable
    options[name] = tuple(value) if isinstance(value, list) else value
  classifier = None
  if kind == 'image':
    classifier = models.WeakClassifier(num_classes, **options)
  elif kind == 'code':
    classifier = models.LatentClassifier(num_classes, **options)
  return synthesis.Generation(
      generator=generator,
      classifier=classifier,
      classifier_input=kind or 'image',
      noise=spec.noise,
      noise_size=spec.noise_size,
      noise_std=spec.noise_std,
      gamma=spec.gamma,
      double_softmax=spec.double_softmax,
      weights=tuple(spec.perceptual.weights) or None,
  )


def _fit(config, executor, state, rows, key, *, num_steps, folder):
  """The one loop over steps, with checkpoints, curves and a bar."""
  spec = config.cglo
  steps = lambda epochs: max(1, round(epochs * rows.steps_per_epoch))
  with training.Checkpoints(os.path.join(folder, 'checkpoints')) as kept:
    state = kept.restore(state) or state
    start = int(state.step)
    with (
        report.Writer(folder, resumed_step=start or -1) as writer,
        report.Progress(
            'cGLO', num_steps, start=start, enabled=jax.process_index() == 0
        ) as bar,
    ):

      def on_metrics(step, scalars):
        writer.write(step, scalars)
        shown = ('loss', 'perceptual', 'accuracy')
        bar.update(step, **{n: scalars[n] for n in shown if n in scalars})

      return training.fit(
          executor,
          state,
          rows.batches,
          key=key,
          num_steps=num_steps,
          checkpoints=kept,
          save_every=steps(spec.checkpoint_every_epochs),
          on_metrics=on_metrics,
          log_every=spec.log_every,
      )
