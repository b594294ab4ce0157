"""Refuses settings of cGLO that cannot run, before anything is loaded.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020.
"""

from typing import Any

import jax
import jax.numpy as jnp

from lsl_jax import models, synthesis
from lsl_jax.pipeline import choices
from lsl_jax.pipeline.cglo import cglo, cglo_codes, cglo_training, perceptual

# Dotted names and the smallest numbers, some of which are already too small.
_AT_LEAST = (
    ('cglo.code_size', 2),  # on a sphere, between whose points there are others
    ('cglo.size', 0),
    ('cglo.noise_size', 0),
    ('cglo.noise_std', 0),
    ('cglo.gamma', 0),
    ('cglo.batch_size', 1),
    ('cglo.parts', 1),
    ('cglo.perceptual.size', 0),
)
_ABOVE = (
    ('cglo.epochs', 0),
    ('cglo.code_rate', 0),
    ('cglo.checkpoint_every_epochs', 0),
)


def check(config: Any) -> None:
  """Looks at names, numbers, networks and recipes.

  Raises:
    ValueError: the first thing that is wrong, with what is accepted.
  """
  spec = config.cglo
  choices.choose(models.GENERATORS, spec.generator.name, 'cglo.generator.name')
  choices.choose(cglo.CLASSIFIERS, spec.classifier, 'cglo.classifier')
  choices.choose(cglo_codes.INITIAL, spec.initial, 'cglo.initial')
  choices.choose(dict.fromkeys(synthesis.NOISES), spec.noise, 'cglo.noise')
  for key, least in _AT_LEAST:
    choices.within(config, key, least)
  for key, least in _ABOVE:
    choices.within(config, key, least, above=True)
  for name in ('b1', 'b2'):
    choices.within(config, f'cglo.{name}', 0, 1)
  _check_synthesis(config)
  if spec.initial == 'activations':
    cglo_codes.check(spec.activations)
  devices = jax.device_count()
  if spec.parts % devices or spec.batch_size % spec.parts:
    raise ValueError(
        f'cglo.parts={spec.parts} must be a multiple of the number of devices,'
        f' {devices}, and divide cglo.batch_size={spec.batch_size}'
    )
  _check_networks(config)
  perceptual.check(spec.perceptual, spec.size or config.data.size)
  cglo_training.groups(
      spec.to_json(sort_keys=True), 100.0, 1000
  )  # reads every recipe


def _check_synthesis(config):
  choices.choose(
      synthesis.INTERPOLATIONS,
      config.synthesis.interpolation,
      'synthesis.interpolation',
  )
  choices.within(config, 'synthesis.probability', 0, 1)
  choices.within(config, 'synthesis.amounts', 0, 1)
  if not config.synthesis.amounts:
    raise ValueError(
        'synthesis.amounts is empty; it needs at least one number from 0 to 1'
    )


def _check_networks(config):
  spec = config.cglo
  size = spec.size or config.data.size
  least, most = config.data.size, config.data.resize
  if not least <= size <= most:
    raise ValueError(
        f'cglo.size={size} does not suit the images: at least what the'
        f' classifier sees, data.size={least}, and at most'
        f' data.resize={most}; 0 for data.size'
    )
  alone = config.copy_and_resolve_references()
  alone.cglo.classifier = 'none'
  _trace(alone, f'cglo.size={size}, cglo.generator={_shown(spec.generator)}')
  _trace(
      config,
      f'cglo.classifier={spec.classifier}, cglo.classifier_options='
      f'{_shown(spec.classifier_options)}',
  )


def _trace(config, what):
  """Makes the networks, as far as shapes tell."""
  codes = jnp.zeros((2, config.cglo.code_size))
  try:
    generation = cglo.make_generation(config, 2)
    jax.eval_shape(generation.init, jax.random.key(0), codes)
  except (TypeError, ValueError) as error:
    raise ValueError(f'{what}: {error}') from error


def _shown(spec):
  return spec.to_json(sort_keys=True)
