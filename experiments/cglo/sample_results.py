"""Finished rows as tables and claims read them, and what they were run with."""

from collections.abc import Sequence
import pathlib
from typing import Any, NamedTuple

import sample_rows
import sample_settings

from lsl_jax import report
from lsl_jax.pipeline import scripting


class Run(NamedTuple):
  """A finished row.

  Attributes:
    row: a name of `sample_rows.ROWS`.
    shots: images a class.
    data: the name of its data set ...
    data_set: ... and which one of `sample_settings.DATA_SETS` that is, or ''.
    words: what it was run with, see `sample_settings.words`.
    rows: rows of results, under the paper's name.
    accuracies: fractions by metric, of each seed.
    samples: a name of each seed's sample; the same for the same images.
  """

  row: str
  shots: int
  data: str
  data_set: str
  words: dict[str, str]
  rows: list[dict[str, Any]]
  accuracies: list[dict[str, float]]
  samples: list[str]

  @property
  def title(self) -> str:
    """What the paper calls the row."""
    return sample_rows.ROWS[self.row].title


def read(workdir: str) -> list[Run]:
  """All rows that have been finished in a workdir, by images a class."""
  found = []
  for path in pathlib.Path(workdir).glob('n*/*'):
    if path.name not in sample_rows.ROWS:
      continue
    if not scripting.is_finished(str(path)):
      continue
    content = report.results.read(path)
    metadata = content['metadata']
    title = sample_rows.ROWS[path.name].title
    found.append(
        Run(
            path.name,
            int(path.parent.name[1:]),
            metadata['data'],
            sample_settings.data_set(metadata['data']),
            sample_settings.words(metadata['config'], metadata['classes']),
            [{**row, 'method': title} for row in content['rows']],
            metadata['accuracies'],
            metadata['samples'],
        )
    )
  order = list(sample_rows.ROWS)
  return sorted(found, key=lambda run: (run.shots, order.index(run.row)))


def differences(run: Run) -> dict[str, str]:
  """What differs from the paper's setting, in words, by name; see `words`."""
  paper = sample_settings.of_the_paper(run.data_set, run.row)
  return {
      name: (
          f'{run.words.get(name, "none")} instead of {paper.get(name, "none")}'
      )
      for name in {**paper, **run.words}
      if run.words.get(name) != paper.get(name)
  }


def setting(runs: Sequence[Run]) -> str:
  """A line: what these runs were run with, and which of them with what else.

  Args:
    runs: at least one.

  Returns:
    Words such as 'data cifar100; classes 100; ...; seeds 3 (MixMatch: 1)'.
  """
  told: dict[str, dict[str, list[str]]] = {}
  for run in runs:
    all_words = {
        'data': run.data,
        **run.words,
        'seeds': str(len(run.accuracies)),
    }
    for name, text in all_words.items():
      place = f'{run.title}, N = {run.shots}'
      told.setdefault(name, {}).setdefault(text, []).append(place)
  return '; '.join(
      f'{name} {_usual_first(texts)}' for name, texts in told.items()
  )


def _usual_first(texts: dict[str, list[str]]) -> str:
  usual, *others = sorted(texts, key=lambda text: -len(texts[text]))
  if not others:
    return usual
  rest = '; '.join(f'{"; ".join(texts[t])}: {t}' for t in others)
  return f'{usual} ({rest})'
