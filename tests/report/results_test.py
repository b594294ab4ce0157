import errno
import json
import os
import pathlib

import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.report import results


def _row(**changes):
  row = {
      'method': 'Գ-imprint',
      'shots': np.int64(1),
      'split': 'novel',
      'metric': 'top1',
      'mean': jnp.float32(0.5),
      'half_width': np.float32(0.125),
  }
  return row | changes


def test_json_holds_plain_numbers_and_whatever_rows_hold(tmp_path):
  results.write(
      tmp_path,
      [_row(trials=np.array([0.25, 0.75])), _row(shots=2, mean=float('nan'))],
      title='Table',
      metadata={'seed': np.int32(3), 'workdir': pathlib.Path('a/b')},
  )
  text = (tmp_path / 'results.json').read_text(encoding='utf-8')
  assert 'Գ-imprint' in text
  content = json.loads(text, parse_constant=pytest.fail)
  assert content['title'] == 'Table'
  assert content['metadata'] == {'seed': 3, 'workdir': 'a/b'}
  assert content['rows'] == [
      {
          'method': 'Գ-imprint',
          'shots': 1,
          'split': 'novel',
          'metric': 'top1',
          'mean': 0.5,
          'half_width': 0.125,
          'trials': [0.25, 0.75],
      },
      {
          'method': 'Գ-imprint',
          'shots': 2,
          'split': 'novel',
          'metric': 'top1',
          'mean': None,
          'half_width': 0.125,
      },
  ]


def test_what_was_written_is_read(tmp_path):
  results.write(tmp_path, [_row(), _row(shots=2, mean=np.nan)], title='T')
  content = results.read(tmp_path)
  assert content['rows'][0]['mean'] == 0.5
  assert np.isnan(content['rows'][1]['mean'])


def test_markdown_is_exactly_this(tmp_path):
  rows = [_row(), _row(metric='top5', mean=0.75)]
  layouts = results.write(
      tmp_path,
      rows,
      title='Imprinting on glyphs',
      note='Mean and 95 % interval over 3 draws.',
      figures=['figures/shots.png'],
  )
  assert [name for name, *_ in layouts] == [
      'Top-1 accuracy (%)',
      'Top-5 accuracy (%)',
  ]
  assert (tmp_path / 'results.md').read_text(encoding='utf-8') == """\
# Imprinting on glyphs

Mean and 95 % interval over 3 draws.

## Top-1 accuracy (%)

| split | method    |           n=1 |
|:------|:----------|--------------:|
| novel | Գ-imprint | 50.00 ± 12.50 |

## Top-5 accuracy (%)

| split | method    |           n=1 |
|:------|:----------|--------------:|
| novel | Գ-imprint | 75.00 ± 12.50 |

![shots](figures/shots.png)
"""


def test_a_failure_leaves_the_old_results(tmp_path, monkeypatch):
  results.write(tmp_path, [_row()], title='old')
  before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

  def fail(*_):
    raise OSError(errno.ENOSPC, 'No space left on device')

  monkeypatch.setattr(os, 'fsync', fail)
  with pytest.raises(OSError, match=r'cannot write .*results\.json: No space'):
    results.write(tmp_path, [_row()], title='new')
  assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_wrong_row_is_refused_before_anything_is_written(tmp_path):
  with pytest.raises(ValueError, match='fraction'):
    results.write(tmp_path, [_row(mean=45.0)], title='T')
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('content', ['', '[]', '{"rows": [{}]}', '{"a": 1}'])
def test_another_file_is_refused_by_name(tmp_path, content):
  (tmp_path / 'results.json').write_text(content)
  with pytest.raises(
      ValueError, match=r'results\.json is not a file of result'
  ):
    results.read(tmp_path)
