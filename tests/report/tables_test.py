import io

import pytest

from lsl_jax.report import tables


def _row(method, shots, split, mean, half_width=None, metric='top1'):
  return {
      'method': method,
      'shots': shots,
      'split': split,
      'metric': metric,
      'mean': mean,
      'half_width': half_width,
  }


_ROWS = [
    _row('Imprinting', 5, 'all', 0.5295, 0.00251),
    _row('Imprinting', 1, 'all', 0.4475, 0.0049),
    _row('Rand|noFT', None, 'novel', 0.0017),
    _row('Imprinting', 1, 'novel', 0.2126, 0.0101),
    _row('Imprinting', 5, 'novel', float('nan')),
    _row('Imprinting', 1, 'novel', 0.7, metric='top5'),
]

_MARKDOWN = """\
| split | method     |  n=0 |          n=1 |          n=5 |
|:------|:-----------|-----:|-------------:|-------------:|
| novel | Rand\\|noFT |    – |            – |            – |
| novel | Imprinting |    – | 21.26 ± 1.01 |          n/a |
| all   | Imprinting |    – | 44.75 ± 0.49 | 52.95 ± 0.25 |
""".replace('noFT |    – |', 'noFT | 0.17 |')


class _Terminal(io.StringIO):

  def isatty(self):
    return True


def test_the_markdown_table_is_exactly_this():
  assert tables.markdown(*tables.cells(_ROWS, 'top1')) == _MARKDOWN


def test_a_metric_that_no_row_has_is_named():
  with pytest.raises(ValueError, match="no row has the metric 'top3'"):
    tables.cells(_ROWS, 'top3')


def test_an_interval_that_is_not_known_is_left_out():
  assert tables.cell(0.5, float('nan')) == '50.00'
  assert tables.cell(1.0, 0.0) == '100.00 ± 0.00'


def test_without_a_terminal_the_table_is_printed_as_markdown():
  stream = io.StringIO()
  tables.show(*tables.cells(_ROWS, 'top1'), 'Accuracy (%)', stream)
  assert stream.getvalue() == f'Accuracy (%)\n\n{_MARKDOWN}\n'


def test_a_terminal_shows_every_cell(monkeypatch):
  monkeypatch.setenv('COLUMNS', '100')
  monkeypatch.setenv('NO_COLOR', '1')
  stream = _Terminal()
  tables.show(*tables.cells(_ROWS, 'top1'), 'Accuracy [top-1]', stream)
  lines = stream.getvalue().splitlines()
  assert 'Accuracy [top-1]' in lines[0]
  assert any('Rand|noFT' in line and '0.17' in line for line in lines)
  assert any('44.75 ± 0.49   52.95 ± 0.25' in line for line in lines)


def test_a_narrow_terminal_loses_no_digit(monkeypatch):
  monkeypatch.setenv('COLUMNS', '52')
  stream = _Terminal()
  tables.show(*tables.cells(_ROWS, 'top1'), '', stream)
  shown = stream.getvalue()
  for text in ('44.75', '± 0.49', '52.95', '± 0.25', 'Imprinting'):
    assert text in shown
  assert '44.75 ±' not in shown  # it is too narrow for one line
