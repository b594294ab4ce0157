"""Takes over the network that another run's phase 1 has trained.

Several protocols, and learners of very different cost, can so be runs of their
own that share one representation: `config.representation.workdir`.
"""

from collections.abc import Collection
import json
import os
import shutil
from typing import Any

from flax import traverse_util
import jax
from jax.experimental import multihost_utils

from lsl_jax import report
from lsl_jax.pipeline.settings import defaults

# What phase 1 depends on.
_PARTS = ('seed', 'data', 'model', 'representation', 'metric', 'train')
_CHECKPOINTS = 'checkpoints'
# Features know what they were made from, so they may be taken along.
_TAKEN = ('split.json', report.METRICS_FILE, 'features', _CHECKPOINTS)


def take(config: Any, workdir: str) -> None:
  """Copies a finished phase 1 into a workdir that has none yet.

  The run then goes on as if it had trained that network itself; the workdir
  that it came from is only read, and no longer needed. The division of classes
  and images comes along, so that other data are refused when they are loaded.

  Args:
    config: the whole config; `representation.workdir` is copied from.
    workdir: of the run.

  Raises:
    FileNotFoundError: there is no finished run.
    ValueError: its phase 1 was another one; the message names the keys.
  """
  source = os.path.expanduser(config.representation.workdir)
  taken = os.path.join(workdir, _CHECKPOINTS)
  if jax.process_index() == 0 and not os.path.exists(taken):
    theirs = finished(source, 'representation.workdir')
    refuse(
        differences(config.to_dict(), theirs),
        f'representation.workdir: phase 1 of {source} was another one',
    )
    for name in _TAKEN:
      copy(os.path.join(source, name), os.path.join(workdir, name))
  if jax.process_count() > 1:
    multihost_utils.sync_global_devices('phase 1 taken over')


def finished(
    source: str, key: str, needed: Collection[str] = (_CHECKPOINTS,)
) -> dict[str, Any]:
  """The config of a finished run.

  Args:
    source: its workdir.
    key: of the setting that names it, for messages.
    needed: what it must have beside results and config; by default a phase 1.

  Returns:
    Its config.

  Raises:
    FileNotFoundError: there is none.
  """
  for name in (report.results.JSON_NAME, 'config.json', *needed):
    if not os.path.exists(os.path.join(source, name)):
      raise FileNotFoundError(
          f'{key}: {source} is not a finished run of that kind, it has no'
          f' {name}; run that config first'
      )
  with open(os.path.join(source, 'config.json'), encoding='utf-8') as file:
    return json.load(file)


def differences(
    here: dict[str, Any],
    there: dict[str, Any],
    parts: Collection[str] = _PARTS,
    may_differ: Collection[str] = defaults.MAY_DIFFER,
) -> list[str]:
  """What keeps two configs from having the same phase 1, or another part.

  A setting that one of them does not have, since it was written before there
  was such a setting, counts as at its default.

  Args:
    here: a config as nested dictionaries.
    there: another one.
    parts: of the config that are compared.
    may_differ: dotted names of settings that are not; a name also stands for
      everything below it.

  Returns:
    A line a key: its name and both values.
  """
  here, there = _flat(here, parts), _flat(there, parts)
  usual = _flat(defaults.defaults().to_dict(), parts)
  absent = 'absent'
  value = lambda config, key: config.get(key, usual.get(key, absent))
  return [
      f'{key}: {value(there, key)} there, {value(here, key)} here'
      for key in sorted({*here, *there})
      if value(here, key) != value(there, key)
      and not any(key == n or key.startswith(f'{n}.') for n in may_differ)
  ]


def refuse(differing: Collection[str], what: str) -> None:
  """Raises ValueError with the lines of `differences`, where there are any."""
  if differing:
    raise ValueError('\n'.join([f'{what}:', *(f'  {d}' for d in differing)]))


def _flat(config: dict[str, Any], names: Collection[str]) -> dict[str, str]:
  """Some parts of a config as text by dotted name."""
  parts = {name: config.get(name, {}) for name in names}
  if parts.get('train', {}).get('select') == 'best':
    # Then validation classes decide, which a run may report instead.
    parts['evaluation'] = {'classes': config['evaluation']['classes']}
  flat = traverse_util.flatten_dict(parts, sep='.', keep_empty_nodes=True)
  # As JSON has it: tuples are lists.
  return {
      key: '{}' if value is traverse_util.empty_node else json.dumps(value)
      for key, value in flat.items()
  }


def copy(source: str, target: str) -> None:
  """Copies a file or folder if it is there, whole or not at all."""
  unfinished = f'{target}.taken'
  if os.path.isdir(source):
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, unfinished)
  elif os.path.exists(source):
    shutil.copy2(source, unfinished)
  else:
    return
  os.replace(unfinished, target)
