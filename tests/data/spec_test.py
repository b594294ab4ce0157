import ml_collections
import pytest

from lsl_jax.data import spec


def test_fields_are_copied_and_private_ones_left_out():
  class Thing:

    def __init__(self):
      self.name = 'x'
      self._hidden = 1

  assert spec.as_dict(Thing()) == {'name': 'x'}
  config = ml_collections.ConfigDict({'a': {'b': 1}})
  assert spec.as_dict(config) == {'a': {'b': 1}}
  original = {'a': 1}
  spec.as_dict(original)['a'] = 2
  assert original == {'a': 1}


def test_what_has_no_fields_is_refused():
  with pytest.raises(TypeError, match="not str: 'npz'"):
    spec.as_dict('npz')


def test_long_lists_of_names_are_cut_and_counted():
  names = [f'class {i}' for i in range(100)]
  text = spec.choices('klass 99', names)
  assert text.startswith("did you mean 'class 99'?")
  assert text.endswith('class 19, ... (100 in all)')
  assert spec.choices('x', []) == 'the valid ones are: none'
