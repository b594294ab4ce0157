"""Takes over the generators and codes that another run has trained.

Rows that differ in how a classifier is trained, or in what is sampled between
codes, can so share one cGLO: `config.cglo.workdir`.
"""

import json
import os
import shutil
from typing import Any

from flax import traverse_util
import jax
from jax.experimental import multihost_utils

from lsl_jax import report
from lsl_jax.pipeline import defaults, samples

# What the training of cGLO depends on, and what of it changes nothing.
_PARTS = ('seed', 'data', 'small_sample', 'cglo')
_MAY_DIFFER = (
    'cglo.workdir',
    'cglo.log_every',
    'cglo.checkpoint_every_epochs',
    'data.augment',
    'data.normalisation',
    'data.path',
    'data.workers',
    'data.memory_gb',
    'small_sample.method',
    'small_sample.title',
    'small_sample.seeds',
)


def take(config: Any, workdir: str) -> None:
  """Copies what another run has trained, for every seed that it has.

  Args:
    config: the whole config; `cglo.workdir` is copied from.
    workdir: of this run, which keeps what it already has.

  Raises:
    FileNotFoundError: there is no finished run.
    ValueError: it is of another sample or of another cGLO; the message names
      the keys.
  """
  source = os.path.expanduser(config.cglo.workdir)
  if jax.process_index() == 0:
    for name in (report.results.JSON_NAME, 'config.json'):
      if not os.path.exists(os.path.join(source, name)):
        raise FileNotFoundError(
            f'cglo.workdir: {source} is not a finished run, it has no {name}'
        )
    with open(os.path.join(source, 'config.json'), encoding='utf-8') as file:
      theirs = json.load(file)
    differing = differences(config.to_dict(), theirs)
    if differing:
      raise ValueError(
          f'cglo.workdir: cGLO of {source} is another one:\n'
          + '\n'.join(f'  {line}' for line in differing)
      )
    for seed in range(config.small_sample.seeds):
      ours = samples.folder(workdir, seed, 'cglo')
      theirs = samples.folder(source, seed, 'cglo')
      if os.path.isdir(theirs) and not os.path.exists(ours):
        os.makedirs(os.path.dirname(ours), exist_ok=True)
        shutil.rmtree(f'{ours}.taken', ignore_errors=True)
        shutil.copytree(theirs, f'{ours}.taken')
        os.replace(f'{ours}.taken', ours)  # whole or not at all
  if jax.process_count() > 1:
    multihost_utils.sync_global_devices('generators taken over')


def differences(here: dict[str, Any], there: dict[str, Any]) -> list[str]:
  """What keeps two configs from having the same cGLO.

  Args:
    here: a config as nested dictionaries.
    there: another one; a setting that it lacks counts as at its default.

  Returns:
    A line a key: its name and both values.
  """
  usual = _flat(defaults.defaults().to_dict())
  here, there = usual | _flat(here), usual | _flat(there)
  return [
      f'{key}: {there.get(key, "absent")} there, {here.get(key, "absent")} here'
      for key in sorted({*here, *there})
      if here.get(key) != there.get(key)
      and not any(key == n or key.startswith(f'{n}.') for n in _MAY_DIFFER)
  ]


def _flat(config: dict[str, Any]) -> dict[str, str]:
  """Settings that cGLO depends on, as JSON by dotted name."""
  parts = {name: config.get(name, {}) for name in _PARTS}
  flat = traverse_util.flatten_dict(parts, sep='.')
  return {key: json.dumps(value) for key, value in flat.items()}
