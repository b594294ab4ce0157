import pytest

from lsl_jax.report import compare, tables


def _key(method, shots, split='novel'):
  return {'method': method, 'shots': shots, 'split': split, 'metric': 'top1'}


_MEASURED = [
    _key('Imprinting', 1) | {'mean': 0.25, 'half_width': 0.01},
    _key('Generator', 1) | {'mean': 0.2},
    _key('Ours', 1) | {'mean': 0.3},
    _key('Broken', 1) | {'mean': float('nan')},
]
_PAPER = [
    _key('Imprinting', 1) | {'percent': 21.26},
    _key('Rand-noFT', None) | {'percent': 0.17},
    _key('Generator', 1) | {'percent': None},
    _key('Broken', 1) | {'percent': 10.0},
]


def test_paper_and_measured_stand_side_by_side():
  table = tables.markdown(*compare.cells(_MEASURED, _PAPER)).splitlines()
  cells = [[cell.strip() for cell in line.split('|')[2:-1]] for line in table]
  metric = 'Top-1 accuracy'
  assert cells[0] == [
      'method',
      'n',
      'metric',
      'paper (%)',
      'measured (%)',
      'difference',
  ]
  assert cells[2:] == [
      ['Imprinting', '1', metric, '21.26', '25.00 ± 1.00', '+3.74'],
      ['Rand-noFT', '0', metric, '0.17', 'not measured', '–'],
      ['Generator', '1', metric, 'paper value lost', '20.00', '–'],
      ['Broken', '1', metric, '10.00', 'n/a', '–'],
      ['Ours', '1', metric, 'not in the paper', '30.00', '–'],
  ]


def test_a_paper_value_without_its_key_is_named():
  with pytest.raises(ValueError, match='paper value 0 lacks percent'):
    compare.cells([], [_key('a', 1) | {'value': 3.0}])


def test_a_paper_value_that_stands_twice_is_named():
  with pytest.raises(ValueError, match='paper value 1 repeats'):
    compare.cells([], [_PAPER[0], _PAPER[0]])
