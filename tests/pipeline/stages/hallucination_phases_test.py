"""Analogies are mined where they are needed, and each class once."""

import numpy as np
import pytest

from lsl_jax import lowshot, ops
from lsl_jax.ops import analogy_search
from lsl_jax.pipeline.stages import hallucination_phases as phases


@pytest.fixture
def config(get_config):
  """Of which only the part on hallucination is read."""
  return get_config('sgm_glyphs:sgm,smoke')


@pytest.fixture
def centroids(rng):
  """Four of each of three classes."""
  return rng.normal(size=(3, 4, 4)).astype(np.float32)


@pytest.fixture
def mined(monkeypatch):
  """Classes that were to be mined by each call, and by which it stops."""
  calls, stop = [], []
  mine_by_class = ops.mine_by_class

  def mine(centroids, classes, **options):
    calls.append(classes)
    for own, block in zip(
        classes, mine_by_class(centroids, classes, **options), strict=True
    ):
      if own in stop:
        raise KeyboardInterrupt
      yield block

  monkeypatch.setattr(ops, 'mine_by_class', mine)
  return calls, stop


def test_a_search_that_was_stopped_mines_only_what_is_missing(
    config, centroids, mined, tmp_path
):
  calls, stop = mined
  stop.append(1)
  with pytest.raises(KeyboardInterrupt):
    phases.analogies(config, centroids, str(tmp_path))
  files = sorted((tmp_path / 'hallucination' / 'analogies').iterdir())
  assert [file.name for file in files] == ['0000.npz']
  stop.clear()
  found = phases.analogies(config, centroids, str(tmp_path))
  again = phases.analogies(config, centroids, str(tmp_path))
  assert calls == [[0, 1, 2], [1, 2]]
  for other in (again, ops.mine_analogies(centroids)):
    np.testing.assert_array_equal(found.quadruples, other.quadruples)
    np.testing.assert_array_equal(found.cosine, other.cosine)


def test_lengths_of_all_classes_are_computed_once_for_all_of_them(
    config, centroids, tmp_path, monkeypatch
):
  shapes = []
  inverse_lengths = analogy_search.inverse_lengths

  def count(rows):
    shapes.append(rows.shape)
    return inverse_lengths(rows)

  monkeypatch.setattr(analogy_search, 'inverse_lengths', count)
  phases.analogies(config, centroids, str(tmp_path))
  assert shapes == [centroids.shape]


def test_nothing_is_mined_for_a_generator_that_is_there(
    config, centroids, mined, trained, tmp_path, monkeypatch
):
  calls, _ = mined
  given = []

  def train(key, quadruples, *arguments, **options):
    given.append(quadruples)
    return {'params': {'kernel': np.ones(2)}}, None

  monkeypatch.setattr(phases, 'centroids', lambda *_: centroids)
  monkeypatch.setattr(lowshot, 'train_generator', train)
  first = phases.generation(config, None, trained, str(tmp_path))
  again = phases.generation(config, None, trained, str(tmp_path))
  np.testing.assert_array_equal(again.params['params']['kernel'], 1)
  assert first.params.keys() == again.params.keys()
  np.testing.assert_array_equal(
      given, [ops.mine_analogies(centroids).quadruples]
  )
  # Not even what is lost, as long as nobody asks for it.
  lost = tmp_path / 'hallucination' / 'analogies' / '0001.npz'
  lost.unlink()
  phases.generation(config, None, trained, str(tmp_path))
  assert calls == [[0, 1, 2]]
  assert not lost.exists()
