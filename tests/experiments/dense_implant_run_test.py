"""Claims and tables of dense classification, from runs made for them."""

import importlib
import json
import pathlib
import sys

import numpy as np
import pytest

from lsl_jax.pipeline.studies import episodic_outputs

# ml_collections loads config files in a way that Python will drop.
pytestmark = pytest.mark.filterwarnings(
    'ignore:the load_module:DeprecationWarning'
)
_ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def start(monkeypatch, tmp_path):
  """Runs a script: `start(name, *arguments)` gives the folders of new runs."""
  monkeypatch.syspath_prepend(_ROOT / 'experiments' / 'dense_implant')
  # The shots of other smoke runs, so that tests compile the same programs.
  monkeypatch.setattr(importlib.import_module('dense_claims'), 'SHOTS', (2,))
  # What a run draws is looked at elsewhere.
  monkeypatch.setattr(episodic_outputs, 'figures', lambda *_: [])
  pipeline = importlib.import_module('dense_runs').pipeline
  run, made = pipeline.run, []

  def counted(config, folder):
    made.append(pathlib.Path(folder).relative_to(tmp_path).as_posix())
    return run(config, folder)

  monkeypatch.setattr(pipeline, 'run', counted)

  def main(name, *arguments):
    made.clear()
    given = [
        f'{name}.py',
        f'--config={_ROOT}/configs/dense_glyphs.py:smoke',
        f'--workdir={tmp_path}',
        '--seeds=3',
        *('--set', 'evaluation.shots=(2,)'),
        *arguments,
    ]
    monkeypatch.setattr(sys, 'argv', given)
    importlib.import_module(name).main()
    return list(made)

  return main


def test_claims_and_tables_make_the_runs_that_are_missing_and_read_the_others(
    start, tmp_path
):
  # The network of implants is not asked for, but needed.
  made = start('dense_claims', '--run', 'implants', 'gap')
  assert made == ['seed3/dc', 'seed3/implants', 'seed3/gap']
  folder = tmp_path / 'seed3'
  network, taken = (
      (folder / name / 'metrics.jsonl').read_text()
      for name in ('dc', 'implants')
  )
  # Times of steps among others: the same file, not the same training.
  assert network == taken
  assert network != (folder / 'gap' / 'metrics.jsonl').read_text()
  found = {}
  for name in ('dc', 'gap', 'implants'):
    config = json.loads((folder / name / 'config.json').read_text())
    assert config['seed'] == 3
    with np.load(folder / name / 'trials.npz') as file:
      found[name] = {key: file[key] for key in file.files}
  plain, implanted = (
      f'{learner}/novel/top1/n2'
      for learner in ('proto_gap_dense', 'implant_gap_gap_dense')
  )
  np.testing.assert_array_equal(found['implants'][plain], found['dc'][plain])
  claims = (tmp_path / 'claims.md').read_text()
  gain = 100 * np.mean(found['implants'][implanted] - found['dc'][plain])
  rows = [
      [cell.strip() for cell in line.split('|')[1:4]]
      + line.split('|')[4].split()[:1]
      for line in claims.splitlines()
      if '±' in line
  ]
  assert ['implants add', 'novel', '2', f'{gain:+.2f}'] in rows
  assert len(rows) == 3

  assert start('dense_tables', '--table=5') == []
  table = json.loads((tmp_path / 'table_5.json').read_text())
  assert {row['method']: row['mean'] for row in table['rows']} == {
      method: pytest.approx(np.mean(values), abs=1e-6)
      for method, values in {
          'GAP': found['gap']['proto_gap_gap/novel/top1/n2'],
          'DC': found['dc'][plain],
          'DC + IMP': found['implants'][implanted],
      }.items()
  }
  assert '| DC + IMP ' in (tmp_path / 'table_5.md').read_text()

  assert start('dense_claims', '--run', 'implants', 'gap', 'dc') == []
  assert (tmp_path / 'claims.md').read_text() == claims
