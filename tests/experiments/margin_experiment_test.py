"""Runs, table and figures of adaptive margins."""

import importlib
import json
import pathlib
import sys

import numpy as np
import pytest

# What ml_collections does when it loads a config.
pytestmark = pytest.mark.filterwarnings(
    'ignore:the load_module:DeprecationWarning'
)
_FOLDER = pathlib.Path(__file__).parents[2] / 'experiments' / 'adaptive_margin'


@pytest.fixture(scope='module')
def margin_script():
  sys.path.insert(0, str(_FOLDER))
  yield importlib.import_module
  sys.path.remove(str(_FOLDER))


def _make(folder, name, seed, values, slopes=(), validation=0.5):
  place = folder / f'seed{seed}' / name
  place.mkdir(parents=True)
  (place / 'results.json').write_text('{}')
  np.savez(place / 'trials.npz', **{'prototypical/novel/top1/n5': values})
  records = [{'step': 1, 'loss': 1.0}]
  records += [{'step': 2, 'margin': 1.0, 'margin_slope': s} for s in slopes]
  records += [{'step': 3, 'validation': validation}]
  (place / 'metrics.jsonl').write_text('\n'.join(map(json.dumps, records)))


def test_the_table_compares_runs_task_by_task(margin_script, tmp_path):
  table = margin_script('margin_table')
  for seed, level in ((0, 0.0), (1, 0.1)):
    tasks = np.array([0.2, 0.5, 0.8]) + level
    _make(tmp_path, 'none', seed, tasks)
    _make(tmp_path, 'task_meta', seed, tasks + 0.02, slopes=(0.1, 0.3 + level))
  rows = table.rows(table.read(tmp_path), 'novel')
  assert [row['run'] for row in rows] == ['none', 'task_meta']
  assert rows[1]['mean'] == pytest.approx(57)
  # Levels differ from task to task by far more than the two runs do.
  assert rows[1]['against'] == pytest.approx((2, 0), abs=1e-6)
  assert rows[1]['deviation'] == pytest.approx(10 / np.sqrt(2))
  assert rows[1]['slope'] == pytest.approx([0.3, 0.4])
  text = table.as_markdown(table.read(tmp_path))
  assert '| task_meta | 2 | 57.00 ±' in text and '+2.00 ± 0.00' in text


@pytest.mark.parametrize(
    ('name', 'other'),
    [
        ('none', ''),
        ('naive', 'none'),
        ('task_meta', 'none'),
        ('matching', 'none'),
        ('am3', 'none'),
        ('am3_cosine_task', 'am3'),
        ('dynamic_task', 'dynamic'),
        ('general', ''),
        ('general_class', 'general'),
    ],
)
def test_a_margin_is_compared_with_the_same_method_without(
    margin_script, name, other
):
  assert margin_script('margin_table').plain(name) == other


def test_the_papers_rows_name_runs_that_there_are(margin_script):
  table, runs = margin_script('margin_table'), margin_script('margin_runs')
  paper = json.loads((_FOLDER / 'paper.json').read_text())['tables']
  for rows in paper.values():
    for row in rows.values():
      assert row['run'].rpartition('/')[2] in runs.RUNS
  assert '| 67.1 ± 0.52 | 79.54 ± 0.6 |' in table.paper()
  assert '48.1 59.2 70.3 76.4 79.4' in table.paper()


def test_every_run_has_a_config(margin_script):
  runs = margin_script('margin_runs')
  for name in runs.RUNS:
    config = runs.get_config('glyphs', name, 3, ['train.log_every=7'], 'smoke')
    assert config.seed == 3
    assert config.train.log_every == 7
  with pytest.raises(ValueError, match='epochz'):
    runs.get_config('glyphs', 'none', 0, ['train.epochz=1'])


def test_a_run_is_drawn_with_its_classes(margin_script, tmp_path):
  runs, figures = margin_script('margin_runs'), margin_script('margin_figures')
  from lsl_jax.pipeline import run

  config = runs.get_config('glyphs', 'task_meta', 0, [], 'smoke')
  run.run(config, str(tmp_path / 'run'))
  values, similarities, names = figures.learned(tmp_path / 'run', tasks=5)
  assert values.shape == similarities.shape == (5, 3, 3)
  assert len(names) == 5 and 'LATIN' in names[0][0]
  assert (values >= 0).all()
  figures.against_similarity(values, similarities).savefig(tmp_path / 'a.png')
  figures.matrix(values[0], names[0]).savefig(tmp_path / 'b.png')
  plain = runs.get_config('glyphs', 'none', 0, [], 'smoke')
  (tmp_path / 'run' / 'config.json').write_text(plain.to_json())
  with pytest.raises(ValueError, match="margin 'none' is not learned"):
    figures.learned(tmp_path / 'run')
