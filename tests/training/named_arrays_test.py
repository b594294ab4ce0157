import numpy as np
import pytest

from lsl_jax.training import named_arrays


def test_arrays_are_named_by_their_path_in_the_order_of_leaves():
  state = {'head': {'kernel': np.ones(2)}, 'body': (np.zeros(1), np.ones(1))}
  names = list(named_arrays.by_path(state))
  assert names == ['body/0', 'body/1', 'head/kernel']


def test_a_folder_without_arrays_is_not_readable(tmp_path):
  with pytest.raises(ValueError, match='holds no arrays'):
    named_arrays.check_readable(tmp_path)


def test_the_same_names_shapes_and_types_pass():
  arrays = {'a': np.zeros((2, 3), np.float32)}
  named_arrays.check_same(arrays, {'a': np.ones((2, 3), np.float32)})
  with pytest.raises(ValueError, match=r'a is float64.2, 3. there, float32'):
    named_arrays.check_same(arrays, {'a': np.ones((2, 3))})
