"""Refuses a config that cannot run, before anything is loaded or written."""

from typing import Any

from lsl_jax import models, training
from lsl_jax.data.streaming import order
from lsl_jax.pipeline import choices
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.problems import sources
from lsl_jax.pipeline.stages import fitting
from lsl_jax.pipeline.variants import imprinting, shrinking

RECIPES = ('train', 'finetune', 'joint')


def check(config: Any) -> None:
  """Looks at every name and sequence of a config.

  Args:
    config: the whole config.

  Raises:
    ValueError: the first thing that is wrong, with what is accepted.
  """
  _check_names(config)
  check_network(config)
  _check_sequences(config.evaluation)
  fitting.augmentation(config)
  for name in RECIPES:
    check_recipe(config[name], name)


def check_network(config: Any) -> None:
  """Looks at what every study needs: executor, network, normalisation.

  Args:
    config: the whole config.

  Raises:
    ValueError: the first thing that is wrong, with what is accepted.
  """
  for options, name, what in (
      (training.EXECUTORS, config.executor, 'executor'),
      (models.BACKBONES, config.model.backbone, 'model.backbone'),
      (
          fitting.NORMALISATIONS,
          config.data.normalisation,
          'data.normalisation',
      ),
  ):
    choices.choose(options, name, what)
  if config.representation.start == shrinking.START_NEEDED:
    raise ValueError(
        'this representation goes on from a softmax run: set'
        " --config.representation.start to its workdir, or to '' to train from"
        ' scratch'
    )
  # Whatever else describes the network.
  registry.make_representation(config, 1, None)
  _check_pretrained(config)


def _check_pretrained(config: Any) -> None:
  if config.model.pretrained == imprinting.NEEDED:
    raise ValueError(
        'this config starts from ImageNet weights: set'
        ' --config.model.pretrained to a torchvision or timm file (.pth or'
        f' .safetensors) for {config.model.backbone!r}, or take the variant'
        ' "scratch"'
    )


def _check_names(config: Any) -> None:
  if not config.learners:
    raise ValueError(
        'learners names none; valid ones: '
        + ', '.join(sorted(registry.LEARNERS))
    )
  for name in config.learners:
    entry = choices.choose(registry.LEARNERS, name, 'learner')
    episodic = config.evaluation.protocol == 'episodic'
    if not episodic and entry.consumes in ('maps', 'taps'):
      raise ValueError(
          f'learner {name!r} consumes {entry.consumes}, which are there only'
          " for evaluation.protocol 'episodic'"
      )
  choices.choose(
      dict.fromkeys(sources.PARTS),
      config.evaluation.classes,
      'evaluation.classes',
  )


def _check_sequences(evaluation: Any) -> None:
  shots, top = tuple(evaluation.shots), tuple(evaluation.top)
  if not shots or any(n >= m for n, m in zip((0, *shots), shots, strict=False)):
    raise ValueError(
        f'evaluation.shots must be positive and increasing, not {shots}'
    )
  if not top or min(top) < 1:
    raise ValueError(
        f'evaluation.top must hold numbers of guesses from 1 on, not {top}'
    )
  for name in ('draws', 'trained_draws'):
    if evaluation[name] < 1:
      raise ValueError(
          f'evaluation.{name} must be at least 1, not {evaluation[name]}'
      )


def check_recipe(recipe: Any, name: str) -> None:
  """Looks at how a network is trained; `name` is the key of the recipe."""
  for key, options in (
      ('sampling', order.SAMPLING),
      ('select', fitting.SELECT),
  ):
    choices.choose(dict.fromkeys(options), recipe[key], f'{name}.{key}')
  if recipe.iterations < 0:
    raise ValueError(
        f'{name}.iterations must be positive, or 0 for epochs, not'
        f' {recipe.iterations}'
    )
  steps = 1000  # an epoch, about; their number decides nothing here
  try:
    training.optimizer.make(
        recipe.optimizer,
        steps_per_epoch=steps,
        num_steps=recipe.iterations or max(1, round(recipe.epochs * steps)),
    )
  except ValueError as error:
    raise ValueError(f'{name}.optimizer: {error}') from error
