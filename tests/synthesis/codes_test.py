"""Sparse Adam on the sphere against loops in float64, one code at a time."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.synthesis import codes as codes_lib

_RATE, _B1, _B2, _EPS = 0.03, 0.5, 0.999, 1e-8


class _Oracle:
  """Kingma and Ba's Adam for one code, then back to unit length."""

  def __init__(self, code):
    self.code = np.array(code, np.float64)
    self.last = 0
    self.forget()

  def forget(self):
    self.m = np.zeros_like(self.code)
    self.v = np.zeros_like(self.code)
    self.t = 0

  def step(self, gradient):
    self.t += 1
    for d in range(len(self.code)):
      self.m[d] = _B1 * self.m[d] + (1 - _B1) * gradient[d]
      self.v[d] = _B2 * self.v[d] + (1 - _B2) * gradient[d] ** 2
      m = self.m[d] / (1 - _B1**self.t)
      v = self.v[d] / (1 - _B2**self.t)
      self.code[d] -= _RATE * m / (math.sqrt(v) + _EPS)
    self.code /= math.sqrt(sum(x * x for x in self.code))


@pytest.fixture
def start(rng):
  values = rng.normal(size=(10, 6))
  return values / np.linalg.norm(values, axis=-1, keepdims=True)


@jax.jit
def _update(codes, rows, gradients, period=0):
  return codes_lib.update(
      codes,
      rows,
      gradients,
      learning_rate=_RATE,
      b1=_B1,
      b2=_B2,
      eps=_EPS,
      period=period,
  )


def _number(part, row, parts=3):
  """Which code a part's row holds."""
  return row * parts + part


def test_only_the_batchs_codes_change_as_adam_on_each_alone(rng, start):
  codes = codes_lib.create(jnp.asarray(start), parts=3)
  oracles = [_Oracle(code) for code in start]
  for _ in range(6):
    # Every part has three codes; part 0 has a fourth.
    rows = np.stack([rng.permutation(3)[:2] for _ in range(3)]).astype('i')
    gradients = rng.normal(size=(3, 2, 6))
    before = codes
    codes = _update(codes, rows, gradients.astype('f'))
    for part in range(3):
      for row, gradient in zip(rows[part], gradients[part], strict=True):
        oracles[_number(part, row)].step(gradient)
      others = np.setdiff1d(np.arange(4), rows[part])
      for name in ('values', 'first', 'second', 'count', 'period'):
        np.testing.assert_array_equal(
            getattr(codes, name)[part, others],
            getattr(before, name)[part, others],
        )
    got = codes_lib.join(codes.values, 10)
    expected = [oracle.code for oracle in oracles]
    np.testing.assert_allclose(got, expected, atol=2e-6)
  np.testing.assert_array_equal(
      codes_lib.join(codes.count, 10), [oracle.t for oracle in oracles]
  )


def test_a_row_named_twice_is_updated_once_by_both_gradients(rng, start):
  codes = codes_lib.create(jnp.asarray(start), parts=1)
  gradients = rng.normal(size=(1, 3, 6))
  after = _update(codes, np.array([[4, 7, 4]], 'i'), gradients.astype('f'))
  oracle = _Oracle(start[4])
  oracle.step(gradients[0, 0] + gradients[0, 2])
  np.testing.assert_allclose(after.values[0, 4], oracle.code, atol=1e-6)
  assert after.count[0, 4] == 1


def test_a_code_forgets_its_means_once_a_period(rng, start):
  codes = codes_lib.create(jnp.asarray(start), parts=1)
  oracle = _Oracle(start[2])
  for period in (0, 0, 1, 1, 3):
    gradient = rng.normal(size=6)
    codes = _update(
        codes, np.array([[2]], 'i'), gradient[None, None].astype('f'), period
    )
    if period in (1, 3) and oracle.last != period:
      oracle.forget()
    oracle.last = period
    oracle.step(gradient)
    np.testing.assert_allclose(codes.values[0, 2], oracle.code, atol=1e-6)


def test_dividing_and_joining_are_inverse_for_any_number_of_parts(rng):
  array = rng.normal(size=(11, 2))
  for parts in (1, 2, 3, 11):
    divided = codes_lib.divide(array, parts)
    assert divided.shape == (parts, -(-11 // parts), 2)
    np.testing.assert_array_equal(codes_lib.join(divided, 11), array)
    np.testing.assert_array_equal(divided[1 % parts, 0], array[1 % parts])


def test_codes_begin_on_the_sphere_and_stay_there(rng):
  codes = codes_lib.create(jnp.asarray(5 * rng.normal(size=(4, 3))), parts=2)
  huge = np.full((2, 1, 3), 1e20, 'f')
  for gradients in (huge, 0 * huge, -huge):
    codes = _update(codes, np.zeros((2, 1), 'i'), gradients)
    lengths = np.linalg.norm(codes.values, axis=-1)
    np.testing.assert_allclose(lengths, 1, atol=1e-6)


@pytest.mark.parametrize('parts', [0, 5])
def test_numbers_of_parts_out_of_range_are_refused(parts):
  with pytest.raises(ValueError, match='from one part'):
    codes_lib.create(jnp.ones((4, 2)), parts=parts)


def test_an_update_overwrites_its_rows_and_copies_none_of_the_others():
  count = 12_345
  array = jnp.zeros((1, count, 4))
  whole = jnp.zeros((1, count), jnp.int32)
  codes = codes_lib.Codes(array, array, array, whole, whole)
  rows, gradients = jnp.arange(3)[None], jnp.ones((1, 3, 4))
  program = jax.jit(
      lambda *arguments: codes_lib.update(*arguments, learning_rate=0.1),
      donate_argnums=0,
  )
  text = program.lower(codes, rows, gradients).compile().as_text()
  lines = [line for line in text.splitlines() if str(count) in line]
  assert lines
  assert not [line for line in lines if ' copy(' in line]
