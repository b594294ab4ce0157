import types

import ml_collections
import numpy as np
import pytest

from lsl_jax import data


@pytest.fixture
def path(tmp_path):
  path = tmp_path / 'toy.npz'
  np.savez(
      path,
      images=np.zeros((40, 2, 2, 3), np.uint8),
      labels=np.repeat([0, 1], 20),
  )
  return str(path)


@pytest.mark.parametrize(
    'kind', [dict, types.SimpleNamespace, ml_collections.ConfigDict]
)
def test_a_specification_may_be_a_mapping_a_config_or_an_object(path, kind):
  fields = {'name': 'npz', 'path': path, 'seed': 1, 'of_others': 3}
  if kind is types.SimpleNamespace:
    spec = kind(**fields, options=kind(test_fraction=0.1))
  else:
    spec = kind({**fields, 'options': {'test_fraction': 0.1}})
  dataset = data.load(spec)
  assert (~dataset.is_train).sum() == 4


def test_the_seed_reaches_the_source(path):
  parts = [
      data.load({'name': 'npz', 'path': path, 'seed': seed}).is_train
      for seed in (1, 1, 2)
  ]
  np.testing.assert_array_equal(parts[0], parts[1])
  assert (parts[0] != parts[2]).any()


def test_a_wrong_name_prints_the_valid_ones():
  with pytest.raises(
      ValueError,
      match=r"'nzp'; did you mean 'npz'\? .*: features, folder, glyphs, npz",
  ):
    data.load({'name': 'nzp'})
  with pytest.raises(ValueError, match='unknown data set None'):
    data.load({'path': 'x'})


def test_a_missing_path_and_a_wrong_option_are_named(path):
  with pytest.raises(ValueError, match="the data set 'npz' needs a path"):
    data.load({'name': 'npz', 'path': None})
  with pytest.raises(
      ValueError, match=r"no option 'fraction'.*: test_fraction"
  ):
    data.load({'name': 'npz', 'path': path, 'options': {'fraction': 1}})
  with pytest.raises(ValueError, match=r"'tfds:x' has no option 'seed'.*: tra"):
    data.load({'name': 'tfds:x', 'options': {'seed': 1}})
