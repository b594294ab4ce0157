"""The tiny model as a fixture: tests are no packages and cannot import it."""

import importlib.util
import pathlib

import numpy as np
import pytest

# Started by tests, with their own folder on the path; they hold no doctests.
collect_ignore_glob = ['*_program.py']

_SPEC = importlib.util.spec_from_file_location(
    'tiny', pathlib.Path(__file__).with_name('tiny.py')
)


@pytest.fixture(scope='session')
def tiny():
  """The module tiny.py."""
  module = importlib.util.module_from_spec(_SPEC)
  _SPEC.loader.exec_module(module)
  return module


@pytest.fixture(scope='session')
def assert_close(tiny):
  """Asserts that two states agree to a tolerance."""

  def check(actual, expected, **tolerance):
    actual, expected = tiny.leaves(actual), tiny.leaves(expected)
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
      np.testing.assert_allclose(
          actual[name], value, err_msg=name, **{'rtol': 0, **tolerance}
      )

  return check
