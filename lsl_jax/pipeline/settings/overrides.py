"""Explains a command line that does not fit its config."""

from collections.abc import Mapping, Sequence
import importlib.util
import os
from typing import Any


def explain(argv: Sequence[str], error: Exception) -> str:
  """Says in one line which flag of a refused command line is wrong, and why.

  Args:
    argv: the command line.
    error: what parsing it raised.

  Returns:
    For a key that the config lacks, the key and the valid ones beside it; for
    a config file that is missing, the ones in its folder; else the error.
  """
  spec = _value(argv, '--config')
  if spec is None:
    return str(error)
  path, _, variant = spec.partition(':')
  if not os.path.isfile(path):
    return f'--config: no file {path}; {_neighbours(path)}'
  try:
    config = _load(path, variant or None)
  except (ValueError, TypeError, ImportError) as raised:
    return f'--config={spec}: {raised}'
  for argument in argv[1:]:
    if argument.startswith('--config.'):
      problem = _misfit(config, argument[len('--config.') :].partition('=')[0])
      if problem:
        return problem
  return str(error)


def _value(argv: Sequence[str], flag: str) -> str | None:
  for argument, following in zip(argv, [*argv[1:], None], strict=True):
    if argument == flag:
      return following
    if argument.startswith(flag + '='):
      return argument[len(flag) + 1 :]
  return None


def _neighbours(path: str) -> str:
  folder = os.path.dirname(path) or '.'
  if not os.path.isdir(folder):
    return f'nor a folder {folder}'
  names = sorted(n for n in os.listdir(folder) if n.endswith('.py'))
  return f'{folder} has {", ".join(names) or "no configs"}'


def _load(path: str, variant: str | None) -> Any:
  spec = importlib.util.spec_from_file_location('explained_config', path)
  if spec is None or spec.loader is None:
    raise ImportError(f'{path} is not a Python file')
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module.get_config(variant) if variant else module.get_config()


def _misfit(config: Any, dotted: str) -> str | None:
  node, walked = config, 'config'
  for key in dotted.split('.'):
    if not isinstance(node, Mapping) and not hasattr(node, 'keys'):
      return f'--config.{dotted}: {walked} is a value, it has no keys'
    if key not in node:
      valid = ', '.join(sorted(node.keys()))
      return f'--config.{dotted}: {walked} has no {key!r}; it has {valid}'
    node, walked = node[key], f'{walked}.{key}'
  return None
