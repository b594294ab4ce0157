"""What every study is to `run`: a check of its config, and a way to run it."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Outcome(NamedTuple):
  """What a finished study reports.

  Attributes:
    rows: of results.json: one a method, setting and metric.
    figures: paths relative to the workdir.
    title: the heading of results.md.
    note: what the numbers are, in a sentence or two.
    metadata: what one must know to repeat them, beyond what every run tells
      (config, time, hardware, versions).
  """

  rows: list[dict[str, Any]]
  figures: list[str]
  title: str
  note: str
  metadata: dict[str, Any]


class Study(NamedTuple):
  """The flow from a config to numbers, one for each kind of protocol.

  Attributes:
    check: `(config)` raises ValueError for what cannot run, before anything is
      loaded or written, naming the key and what is accepted.
    run: `(config, workdir) -> Outcome`; None in all processes but the first.
      It goes on from whatever the workdir holds.
  """

  check: Callable[[Any], None]
  run: Callable[[Any, str], Outcome | None]
