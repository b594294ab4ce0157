"""Which machine and software a measurement was made with."""

from collections.abc import Callable
import importlib.metadata
import json
import os
import pathlib
import platform
import sys
import time
from typing import Any


def describe(*packages: str) -> dict[str, str]:
  """Hardware, versions, command and time, for the head of a result.

  Args:
    *packages: whose versions to name; those that are missing are left out.

  Returns:
    Text by name.
  """
  facts = {
      'time': time.strftime('%Y-%m-%d %H:%M:%S %Z'),
      'command': ' '.join(['python', *sys.argv]),
      'processor': _processor(),
      'cores': str(os.cpu_count()),
      'system': platform.platform(),
      'python': platform.python_version(),
  }
  if hasattr(os, 'getloadavg'):
    facts['load before'] = f'{os.getloadavg()[0]:.2f}'
  for package in packages:
    try:
      facts[package] = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
      continue
  return facts


def timed(function: Callable[..., Any], *arguments: Any) -> tuple[float, float]:
  """Seconds of a call by the clock, and of all processors together."""
  # Only now: some benchmarks set flags before jax is imported.
  import jax  # pylint: disable=import-outside-toplevel

  start, busy = time.perf_counter(), time.process_time()
  jax.block_until_ready(function(*arguments))
  return time.perf_counter() - start, time.process_time() - busy


def write(folder: pathlib.Path, name: str, result: Any, text: str) -> None:
  """Writes `NAME.json` and `NAME.md` into a folder, and prints the text."""
  folder.mkdir(parents=True, exist_ok=True)
  (folder / f'{name}.md').write_text(text, encoding='utf-8')
  (folder / f'{name}.json').write_text(
      json.dumps(result, indent=2) + '\n', encoding='utf-8'
  )
  print(text)


def _processor() -> str:
  try:
    with open('/proc/cpuinfo', encoding='utf-8') as file:
      lines = [line for line in file if line.startswith('model name')]
  except OSError:
    lines = []
  return lines[0].split(':', 1)[1].strip() if lines else platform.processor()
