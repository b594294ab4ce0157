"""Programs in processes of their own that live side by side and take turns.

Noise so hits all alike, and neither threads nor memory of one program are in
the way of another's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
import contextlib
import json
import subprocess
import sys
from typing import Any


def say(what: Any) -> None:
  """Tells the process that started this one a line."""
  print(json.dumps(what), flush=True)


def serve(run: Callable[[int], Any]) -> None:
  """Answers every line, a number of steps, with what `run` says of them."""
  for line in sys.stdin:
    say(run(int(line)))


@contextlib.contextmanager
def programs(
    words: Mapping[str, Sequence[str]],
    environments: Mapping[str, dict[str, str]] | None = None,
) -> Iterator[tuple[dict[str, Any], Callable[[str, int], Any]]]:
  """Starts processes one after another, and ends them.

  Args:
    words: of each one's command, after python.
    environments: of those that do not inherit this one's.

  Yields:
    What each said when it was ready, and `turn(name, steps)`, what one says to
    so many steps.

  Raises:
    RuntimeError: one has ended.
  """
  processes: dict[str, subprocess.Popen] = {}

  def read(name):
    process = processes[name]
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
      raise RuntimeError(f'{name!r} ended with status {process.wait()}')
    return json.loads(line)

  def turn(name, steps):
    print(steps, file=processes[name].stdin, flush=True)
    return read(name)

  try:
    ready = {}
    for name, command in words.items():
      processes[name] = subprocess.Popen(
          [sys.executable, *command],
          env=(environments or {}).get(name),
          stdin=subprocess.PIPE,
          stdout=subprocess.PIPE,
          text=True,
      )
      ready[name] = read(name)
    yield ready, turn
  finally:
    for process in processes.values():
      process.kill()
      process.communicate()
