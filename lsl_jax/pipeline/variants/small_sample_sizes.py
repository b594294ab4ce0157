"""Narrow networks and short training for every row of cGLO's tables.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020.
"""

from typing import Any

from lsl_jax.pipeline.variants import smoke as smoke_data

# Five cycles, each twice as long as the one before, in units of the first.
CYCLES = 31


def shorten(config: Any, *, epochs: float, batch_size: int) -> None:
  """Trains the classifier of every row for as long, whatever its recipe.

  A learning rate that stays stays, one that restarts does so as often, and any
  other one falls along a cosine.

  Args:
    config: changed in place.
    epochs: how long.
    batch_size: images a step.
  """
  config.train.iterations = 0
  config.train.epochs = epochs
  config.train.batch_size = batch_size
  schedule = config.train.optimizer.schedule
  if schedule.name == 'restarts':
    schedule.cycle = epochs / CYCLES
  elif schedule.name != 'constant':
    config.train.optimizer.schedule = {'name': 'cosine'}


def narrow(config: Any) -> None:
  """Codes, generator and weak classifier for CPUs, a quarter as wide."""
  config.cglo.code_size = 64
  config.cglo.noise_size = 16
  config.cglo.generator.options = {'width': 16}
  if config.cglo.classifier == 'code':
    config.cglo.classifier_options = {'widths': (128, 256)}
  else:
    config.cglo.classifier_options = {'width': 16}


def smoke(config: Any) -> None:
  """Everything once, small, on few classes and for a few steps: a test."""
  smoke_data.letters(config, size=16, classes=4)
  config.data.augment.cutout = min(config.data.augment.cutout, 4)
  config.model.backbone = 'conv4'
  config.model.options = {'width': 8, 'depth': 2}
  config.small_sample.shots = min(config.small_sample.shots, 4)
  config.small_sample.seeds = 2
  config.small_sample.unlabelled = min(config.small_sample.unlabelled, 8)
  config.small_sample.whole = 2 * config.small_sample.shots
  config.train.batch_size = 8
  config.train.epochs = 1.0
  config.train.iterations = 0
  config.train.log_every = 1
  config.train.checkpoint_every_epochs = 1.0
  config.train.optimizer.schedule = {'name': 'constant'}
  config.cglo.size = min(config.cglo.size, 16)
  config.cglo.code_size = 8
  config.cglo.noise_size = min(config.cglo.noise_size, 4)
  config.cglo.generator.options = {'width': 4}
  if config.cglo.classifier == 'image':
    config.cglo.classifier_options.update(width=4, depth=2)
  elif config.cglo.classifier == 'code':
    config.cglo.classifier_options.update(widths=(8, 8))
  if config.cglo.initial == 'activations':
    config.cglo.initial = 'sphere'  # there is no file of weights
  config.cglo.perceptual.name = 'pyramid'
  config.cglo.perceptual.path = ''
  config.cglo.perceptual.levels = 2
  config.cglo.batch_size = 8
  config.cglo.epochs = 1.0
  config.cglo.log_every = 1
  config.cglo.checkpoint_every_epochs = 1.0
