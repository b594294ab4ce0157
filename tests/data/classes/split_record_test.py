"""What a run writes of its classes, and what it refuses when it reads it."""

import json

import numpy as np
import pytest

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.classes import split_record, splits

NAMES = ('ant', 'bee', 'cat', 'dog', 'emu', 'fox')


def _dataset(**changes):
  fields = {
      'name': 'toy',
      'images': np.zeros((8, 1, 1, 3), np.uint8),
      'labels': np.array([0, 1, 2, 3, 4, 5, 0, 1]),
      'class_names': NAMES,
      'is_train': np.arange(8) < 5,
  }
  return dataset_lib.Dataset(**{**fields, **changes})


def test_a_written_split_is_read_back(tmp_path):
  split = splits.ClassSplit((0, 1), (2,), (5, 3))
  path = tmp_path / 'run' / 'split.json'
  split_record.write(path, _dataset(), split)
  assert split_record.read(path, _dataset()) == split
  assert split_record.read(path, _dataset(), split) == split
  assert [p.name for p in path.parent.iterdir()] == ['split.json']
  stored = json.loads(path.read_text())
  assert stored['class_names'] == list(NAMES)
  assert stored['test_images'] == [5, 6, 7]


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'name': 'other'}, "data differs .written: 'toy', now: 'other'"),
        ({'class_names': (*NAMES[:5], 'gnu')}, 'class_names differs'),
        (
            {'labels': np.array([0, 1, 2, 3, 4, 5, 1, 0])},
            'labels_sha256 differs',
        ),
        (
            {'is_train': np.arange(8) < 6},
            r'test_images.*\[5, 6, 7\], now: \[6, 7',
        ),
    ],
)
def test_other_data_than_written_is_refused(tmp_path, changes, message):
  path = tmp_path / 'split.json'
  split_record.write(path, _dataset(), splits.ClassSplit((0, 1), (), (2,)))
  with pytest.raises(ValueError, match=rf'split\.json was .*{message}'):
    split_record.read(path, _dataset(**changes))


def test_another_split_than_written_or_none_is_refused(tmp_path):
  path = tmp_path / 'split.json'
  split_record.write(path, _dataset(), splits.ClassSplit((0, 1), (), (2,)))
  with pytest.raises(ValueError, match='novel differs'):
    split_record.read(path, _dataset(), splits.ClassSplit((0, 1), (), (3,)))
  with pytest.raises(FileNotFoundError, match=r'none\.json does not exist'):
    split_record.read(tmp_path / 'none.json', _dataset())
