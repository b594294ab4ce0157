"""Files of one origin, made one after another: only what is missing is made."""

import numpy as np
import pytest

from lsl_jax.pipeline.stages import features, kept


@pytest.fixture
def keep(tmp_path):
  """Keeps four squares, of which it makes so many; which it was asked for."""
  paths = [str(tmp_path / 'squares' / f'{place}.npz') for place in range(4)]
  asked = []

  def keep(about='squares', stop=4):
    def compute(missing):
      asked.append(missing)
      for place in missing:
        if place == stop:
          raise KeyboardInterrupt
        yield {'square': np.array(place**2)}

    return kept.kept_parts(paths, {'about': about}, compute)

  return keep, asked, paths


def test_whoever_was_stopped_goes_on_with_what_is_missing(keep):
  keep, asked, paths = keep
  with pytest.raises(KeyboardInterrupt):
    keep(stop=2)
  assert [int(np.load(path)['square']) for path in paths[:2]] == [0, 1]
  assert [int(part['square']) for part in keep()] == [0, 1, 4, 9]
  assert asked == [[0, 1, 2, 3], [2, 3]]


def test_nothing_is_asked_for_where_all_is_there(keep):
  keep, asked, _ = keep
  first = keep()
  assert keep() == first
  assert len(asked) == 1


def test_damaged_and_foreign_files_are_made_anew(keep):
  keep, asked, paths = keep
  keep('others')
  with open(paths[1], 'rb') as file:
    foreign = file.read()
  keep()
  with open(paths[1], 'wb') as file:
    file.write(foreign)
  with open(paths[3], 'r+b') as file:
    file.truncate(100)
  assert [int(part['square']) for part in keep()] == [0, 1, 4, 9]
  assert asked == [[0, 1, 2, 3]] * 2 + [[1, 3]]


def test_what_they_depend_on_is_hashed_once(keep, monkeypatch):
  keep, _, _ = keep
  hashed = []
  fingerprint = features.fingerprint
  monkeypatch.setattr(
      features,
      'fingerprint',
      lambda about: hashed.append(about) or fingerprint(about),
  )
  keep()
  assert hashed == [{'about': 'squares'}]
