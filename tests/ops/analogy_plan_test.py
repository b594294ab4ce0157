"""The memory that mining plans with its defaults, and what XLA makes of it."""

import jax
import jax.numpy as jnp
import pytest

from lsl_jax import ops
from lsl_jax.ops import analogies, analogy_plan, analogy_search

_DEFAULTS = ops.mine_by_class.__kwdefaults__


@pytest.mark.parametrize(
    ('size', 'keep'),
    [
        ((389, 100, 512), True),
        ((389, 100, 2048), True),
        ((389, 500, 2048), True),
        ((389, 700, 2048), True),
        ((389, 1000, 2048), False),
        ((389, 2000, 2048), False),
        ((20_000, 100, 2048), True),
        ((100_000, 100, 2048), False),
    ],
)
def test_no_size_needs_more_than_the_default_memory(size, keep):
  plan = analogy_plan.plan(*size, **_DEFAULTS)
  assert plan.num_bytes <= 1e9 * _DEFAULTS['memory_gb'] <= 0.5e9
  assert plan.keep_lengths is keep


@pytest.mark.parametrize('size', [(389, 100, 512), (389, 1000, 2048)], ids=str)
def test_what_is_compiled_needs_no_more_than_the_plan(size):
  # Of abstract arrays, so nothing runs.
  num_classes, count, features = size
  plan = analogy_plan.plan(*size, **_DEFAULTS)
  centroids = jax.ShapeDtypeStruct(size, jnp.float32)
  lengths, kept, lengthened = None, 0, 1
  if plan.keep_lengths:
    shape = num_classes, count // 2, count
    lengths = jax.ShapeDtypeStruct(shape, jnp.float32)
    kept, lengthened = 4 * lengths.size, num_classes
  search = analogy_search.best_pairs.lower(
      centroids, lengths, 0, tile=plan.tile, partners=plan.partners
  )
  needed = kept + _num_bytes(search)
  assert 0.8 * plan.num_bytes < needed <= plan.num_bytes
  make = analogy_search.inverse_lengths.lower(
      jax.ShapeDtypeStruct((lengthened, count, features), jnp.float32)
  )
  assert _num_bytes(make) <= plan.num_bytes


def test_whether_numbers_are_finite_is_asked_class_by_class():
  centroids = jax.ShapeDtypeStruct((389, 1000, 2048), jnp.float32)
  assert _num_bytes(analogies._finite.lower(centroids)) < 1e7


def _num_bytes(program):
  memory = program.compile().memory_analysis()
  assert memory is not None
  return memory.temp_size_in_bytes + memory.output_size_in_bytes


@pytest.mark.parametrize('memory_gb', [0, 0.001, 1, float('inf')])
def test_a_plan_is_neither_below_the_least_nor_above_what_is_asked(memory_gb):
  plan = analogy_plan.plan(50, 20, 30, tile=60, partners=7, memory_gb=memory_gb)
  assert plan.tile in (20, 40, 60)
  assert 1 <= plan.partners <= 7
  assert plan.keep_lengths is (memory_gb >= 0.001)
