"""Refuses a config of the small-sample study that cannot run.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020.
"""

from typing import Any

from lsl_jax.pipeline import choices
from lsl_jax.pipeline.cglo import cglo_checks
from lsl_jax.pipeline.problems import samples
from lsl_jax.pipeline.stages import fitting
from lsl_jax.pipeline.studies import config_checks

METHODS = {'plain': 'Baseline', 'cglo': 'cGLO', 'mixmatch': 'MixMatch'}
_AT_LEAST = {
    'shots': 1,
    'seeds': 1,
    'held_out': 1,
    'unlabelled': 0,
    'whole': 0,
}


def check(config: Any) -> None:
  """Looks at every name and number, before anything is loaded or written.

  Raises:
    ValueError: the first thing that is wrong, with what is accepted.
  """
  task = config.small_sample
  choices.choose(METHODS, task.method, 'small_sample.method')
  choices.choose(
      dict.fromkeys(samples.REPORTS), task.report, 'small_sample.report'
  )
  for name, least in _AT_LEAST.items():
    choices.within(config, f'small_sample.{name}', least)
  config_checks.check_network(config)
  config_checks.check_recipe(config.train, 'train')
  fitting.augmentation(config)
  if task.method == 'cglo':
    cglo_checks.check(config)
  elif task.method == 'mixmatch':
    _check_mixmatch(config)
  elif task.unlabelled or task.transductive:
    raise ValueError(
        "small_sample.method 'plain' learns from labelled images alone: set"
        ' small_sample.unlabelled to 0 and transductive to False'
    )


def _check_mixmatch(config):
  if config.executor != 'jit':
    raise ValueError(
        f"executor={config.executor!r}: small_sample.method 'mixmatch' mixes"
        " the images of whole batches, which needs 'jit'"
    )
  choices.within(config, 'mixmatch.views', 1)
  for name in ('temperature', 'alpha'):
    choices.within(config, f'mixmatch.{name}', 0, above=True)
  for name in ('unlabelled_weight', 'ramp'):
    choices.within(config, f'mixmatch.{name}', 0)
  choices.within(config, 'mixmatch.average', 0, 1)
