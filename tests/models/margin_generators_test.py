"""Margin generators and remedies."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models
from lsl_jax.models import margin_spec


@pytest.fixture
def similarities(rng):
  """Of three tasks of four classes."""
  found = rng.uniform(-1, 1, size=(3, 4, 4))
  return jnp.float32((found + found.transpose(0, 2, 1)) / 2)


def _init(module, similarities):
  return jax.jit(module.init, static_argnames='train')(
      jax.random.key(0), similarities, train=False
  )


def _norm(x):
  """Batch normalisation over rows, in float64."""
  return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)


def test_class_margins_are_alpha_times_similarity_plus_beta(similarities):
  module = models.ClassMargins(2.0, -0.5)
  found = module.apply(_init(module, similarities), similarities, train=True)
  expected = 2 * np.float64(similarities) - 0.5
  expected[:, np.arange(4), np.arange(4)] = 0
  np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_task_margins_are_two_normalised_layers_of_a_rows_others(similarities):
  module = models.TaskMargins(hidden=5)
  variables = _init(module, similarities)
  found, _ = module.apply(
      variables, similarities, train=True, mutable=['batch_stats']
  )
  params = jax.tree.map(np.float64, variables['params'])
  rows = np.array(
      [
          [task[y][k] for k in range(4) if k != y]
          for task in np.float64(similarities)
          for y in range(4)
      ]
  )
  for layer in ('dense1', 'dense2'):
    rows = np.maximum(_norm(rows @ params[layer]['kernel']), 0)
  expected = np.zeros((3, 4, 4))
  for number, row in enumerate(rows):
    task, y = divmod(number, 4)
    for value, k in zip(row, [k for k in range(4) if k != y], strict=True):
      expected[task, y, k] = value
  np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
  assert (found >= 0).all() and found.max() > 0.1


def test_sorted_margins_follow_the_classes_wherever_they_are(similarities):
  order = np.array([2, 0, 3, 1])
  moved = similarities[:, order][:, :, order]
  apart = []
  for sort in (True, False):
    module = models.TaskMargins(hidden=5, sort=sort)
    variables = _init(module, similarities)
    plain, other = (
        module.apply(variables, s, train=True, mutable=['batch_stats'])[0]
        for s in (similarities, moved)
    )
    apart.append(jnp.abs(plain[:, order][:, :, order] - other).max())
  assert apart[0] < 1e-5
  assert apart[1] > 1e-2


def test_the_last_relu_bounds_margins_and_affine_ones_can_shrink(similarities):
  for affine in (True, False):
    names = _init(models.TaskMargins(4, affine=affine), similarities)['params']
    assert ('norm2' in names) == affine


@pytest.mark.parametrize('remedy', models.REMEDIES)
def test_a_remedy_changes_margins_as_it_says(similarities, remedy):
  margin = models.Margin('class', value=0.2, remedy=remedy)
  variables = _init(margin.generator(), similarities)

  def mean(variables):
    margins, _ = margin_spec.generate(margin, variables, similarities)
    return jnp.square(margins).mean(), margins

  (_, margins), slope = jax.value_and_grad(mean, has_aux=True)(variables)
  off = ~np.eye(4, dtype=bool)
  plain = np.asarray(similarities)[:, off]
  if remedy == 'floor':
    plain = np.maximum(plain, 0.2)
  if remedy == 'mean':
    plain = plain + 0.2 - plain.mean(1, keepdims=True)
  np.testing.assert_allclose(
      np.asarray(margins)[:, off], plain, rtol=1e-4, atol=1e-6
  )
  assert (slope['params']['alpha'] == 0) == (remedy == 'fixed')


def test_the_slope_of_class_margins_is_alpha(similarities):
  module = models.ClassMargins(-3.0, 1.0)
  margins = module.apply(_init(module, similarities), similarities, train=True)
  np.testing.assert_allclose(
      margin_spec.margin_slope(margins, similarities), -3.0, rtol=1e-4
  )
  same = jnp.ones_like(similarities)
  assert margin_spec.margin_slope(margins, same) == 0


def test_unknown_names_are_refused():
  with pytest.raises(ValueError, match="margin 'big'; valid ones: none, naive"):
    models.Margin('big')
  with pytest.raises(ValueError, match="remedy 'hope'; valid ones: joint, flo"):
    models.Margin(remedy='hope')
