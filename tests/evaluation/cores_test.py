"""Rows by one program: how they are divided, and that it changes nothing."""

import functools
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.evaluation import cores

ROWS = {'a': np.arange(23, dtype=np.float32), 'b': np.ones((23, 2), np.float32)}


@functools.partial(jax.jit, static_argnames='power')
def program(given, rows, *, power):
  one = lambda row: {
      'sum': given * row['a'] ** power + jnp.sum(row['b']),
      'pair': row['b'] + row['a'],
  }
  return jax.lax.map(lambda some: jax.vmap(one)(some), rows)


@pytest.fixture(params=[1, 2, 5])
def machine(request, monkeypatch):
  """A machine of so many cores."""
  monkeypatch.setattr(cores, 'threads', lambda: request.param)
  return request.param


@pytest.mark.parametrize('chunk', [1, 4, 100])
def test_rows_come_back_in_their_order_whatever_the_machine(machine, chunk):
  del machine
  found = cores.map_chunks(program, 3.0, ROWS, chunk, power=2)
  np.testing.assert_allclose(found['sum'], 3 * ROWS['a'] ** 2 + 2)
  np.testing.assert_allclose(found['pair'], ROWS['b'] + ROWS['a'][:, None])


def test_threads_run_one_program_that_the_calling_thread_compiled(monkeypatch):
  monkeypatch.setattr(cores, 'threads', lambda: 2)
  traces = []

  @jax.jit
  def traced(given, rows):
    traces.append(threading.current_thread())
    return given + rows

  for _ in range(2):
    cores.map_chunks(traced, 1.0, ROWS['a'], 1)
  assert traces == [threading.main_thread()]


@pytest.mark.parametrize('which', ['rows', 'given'])
def test_it_may_be_traced(monkeypatch, which):
  monkeypatch.setattr(cores, 'threads', lambda: 2)
  run = lambda given, rows: cores.map_chunks(program, given, rows, 4, power=1)
  if which == 'rows':
    found = jax.jit(lambda rows: run(3.0, rows))(ROWS)
  else:
    found = jax.jit(lambda given: run(given, ROWS))(3.0)
  np.testing.assert_allclose(found['sum'], 3 * ROWS['a'] + 2)


@pytest.mark.parametrize('number', [1, 2, 7, 200, 10_000])
@pytest.mark.parametrize('chunk', [1, 3, 60, 20_000])
@pytest.mark.parametrize('count', [1, 2, 16])
def test_few_rows_are_filled_up_and_no_chunk_is_too_large(number, chunk, count):
  blocks, each, rows = cores.plan(number, chunk, count)
  assert 1 <= rows <= chunk
  assert number <= blocks * each * rows
  # At most one row a chunk, and one chunk a block.
  assert blocks * each * rows < number + blocks * each + rows * blocks
  if number >= count > 1:
    assert blocks >= min(count, number // rows)
  if count == 1:
    assert blocks == 1
