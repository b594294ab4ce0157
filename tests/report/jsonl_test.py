import math

from absl import logging
import numpy as np
import pytest

from lsl_jax.report import jsonl


def test_reads_records_in_order(tmp_path):
  path = tmp_path / 'm.jsonl'
  path.write_text('{"step": 2, "a": 1.5}\n\n{"step": 1, "b": null}\n')
  assert jsonl.read(path) == [{'step': 2, 'a': 1.5}, {'step': 1, 'b': None}]


def test_a_half_written_last_line_is_not_read(tmp_path):
  path = tmp_path / 'm.jsonl'
  path.write_bytes(b'{"step": 1, "a": 1}\n{"step": 2, "a": 1.2')
  assert jsonl.read(path) == [{'step': 1, 'a': 1}]


def test_a_whole_last_line_without_newline_is_read(tmp_path):
  path = tmp_path / 'm.jsonl'
  path.write_bytes(b'{"step": 1}\n{"step": 2}')
  assert jsonl.read(path) == [{'step': 1}, {'step': 2}]


@pytest.mark.parametrize(
    'line', [b'nonsense', b'[1]', b'{"a": 1}', b'\xff\xfe']
)
def test_another_line_that_is_no_record_is_named(tmp_path, line):
  path = tmp_path / 'm.jsonl'
  path.write_bytes(b'{"step": 1}\n' + line + b'\n{"step": 2}\n')
  with pytest.raises(ValueError, match=r'm\.jsonl, line 2: expected a JSON'):
    jsonl.read(path)


def test_repair_drops_half_a_line_and_later_steps(tmp_path, monkeypatch):
  warned = []
  monkeypatch.setattr(
      logging, 'warning', lambda *a: warned.append(a[0] % a[1:])
  )
  path = tmp_path / 'm.jsonl'
  path.write_bytes(b'{"step": 1}\n{"step": 5}\n{"step": 9}\n{"ste')
  assert jsonl.repair(path, last_step=5) == 2
  assert path.read_bytes() == b'{"step": 1}\n{"step": 5}\n'
  assert warned == [f'{path}: dropped 1 line(s) that were not whole']


def test_repair_without_a_step_keeps_all_and_ends_the_last_line(tmp_path):
  path = tmp_path / 'm.jsonl'
  path.write_bytes(b'{"step": 1}\n{"step": 9}')
  assert jsonl.repair(path) == 0
  assert path.read_bytes() == b'{"step": 1}\n{"step": 9}\n'


def test_repair_does_not_touch_a_whole_file(tmp_path, monkeypatch):
  path = tmp_path / 'm.jsonl'
  path.write_bytes(b'{"step": 1}\n')
  monkeypatch.setattr(jsonl.atomic, 'write', None)
  assert jsonl.repair(path, last_step=1) == 0
  assert jsonl.repair(tmp_path / 'absent.jsonl') == 0


def test_curves_are_sorted_and_the_later_record_counts():
  curves = jsonl.curves(
      [
          {'step': 10, 'time': 0.0, 'loss': 3.0},
          {'step': 20, 'time': 1.0, 'loss': 2.0, 'accuracy': 0.5},
          {'step': 10, 'time': 2.0, 'loss': None},
          {'step': 5, 'time': 3.0, 'loss': 4},
      ]
  )
  assert list(curves) == ['loss', 'accuracy']
  steps, values = curves['loss']
  np.testing.assert_array_equal(steps, [5, 10, 20])
  np.testing.assert_array_equal(values, [4.0, math.nan, 2.0])
  np.testing.assert_array_equal(curves['accuracy'][1], [0.5])
