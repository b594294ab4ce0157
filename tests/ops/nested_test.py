"""Tests of nested sums and maxima against loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.ops import nested


@pytest.mark.parametrize('combine', ['add', 'maximum'])
@pytest.mark.parametrize('shots', [(1,), (2, 3), (1, 2, 12, 24)])
def test_each_result_combines_the_first_columns(rng, combine, shots):
  table = rng.normal(size=(9, 4))
  draws = rng.integers(0, 9, (2, 3, 24))
  got = nested.nested_reduce(
      jnp.asarray(table, jnp.float32),
      jnp.asarray(draws),
      shots,
      combine=getattr(jnp, combine),
  )
  assert len(got) == len(shots)
  reduce = getattr(np, combine).reduce
  for n, values in zip(shots, got, strict=True):
    for t in range(2):
      for c in range(3):
        expected = reduce([table[i] for i in draws[t, c, :n]])
        np.testing.assert_allclose(values[t, c], expected, atol=1e-5)


def test_its_gradient_counts_how_often_a_row_was_drawn():
  draws = jnp.array([[[0, 2, 2, 1]]])
  gradient = jax.grad(
      lambda table: nested.nested_reduce(table, draws, (1, 3))[1].sum()
  )(jnp.ones((3, 1)))
  np.testing.assert_array_equal(gradient, [[1], [0], [2]])


@pytest.mark.parametrize(
    ('shots', 'message'),
    [
        ((0, 2), r'positive and increasing, not \(0, 2\)'),
        ((2, 2), r'positive and increasing, not \(2, 2\)'),
        ((1, 5), '5 shots, but a draw has 4 examples'),
    ],
)
def test_shots_that_are_no_prefixes_are_refused(shots, message):
  with pytest.raises(ValueError, match=message):
    nested.nested_reduce(jnp.ones((3, 1)), jnp.zeros((1, 1, 4), int), shots)
