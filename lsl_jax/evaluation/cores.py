"""Many independent rows by one program, on a CPU in a thread a core."""

from concurrent import futures
import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# So many blocks a core that the last ones do not keep the other cores waiting.
_BLOCKS_PER_CORE = 8


def map_chunks(
    program: Any, given: Any, rows: Any, chunk: int, **static: Any
) -> Any:
  """Applies a program to chunks of rows, and joins what it gives.

  On a CPU every core runs the program on chunks of its own: XLA divides
  operations among its threads, and what a chunk of small tasks consists of is
  too small to be any faster for that. On an accelerator, or while being traced,
  all chunks are one call.

  Args:
    program: a jitted function of `given` and a tree of arrays `[n, c, ...]`
      that goes through n chunks of c rows one after the other, and returns a
      tree of arrays `[n, c, ...]`. It is compiled in the calling thread, since
      jax's contexts (x64, precision, ...) belong to a thread.
    given: what all chunks have in common.
    rows: a tree of arrays with one leading axis.
    chunk: the most rows that are in memory at a time, in each thread.
    **static: passed on by name.

  Returns:
    The tree, with rows along the leading axis.
  """
  number = len(jax.tree.leaves(rows)[0])
  traced = any(
      isinstance(leaf, jax.core.Tracer)
      for leaf in jax.tree.leaves((given, rows))
  )
  blocks, each, chunk = plan(number, chunk, 1 if traced else threads())
  # Nothing to compile for what is only divided.
  xp = jnp if traced else np

  def divide(leaf):
    leaf = xp.asarray(leaf)
    missing = blocks * each * chunk - number
    widths = ((0, missing), *((0, 0),) * (leaf.ndim - 1))
    filled = xp.pad(leaf, widths, mode='edge')
    return filled.reshape(blocks, each, chunk, *leaf.shape[1:])

  divided = jax.tree.map(divide, rows)
  parts = [jax.tree.map(lambda leaf: leaf[b], divided) for b in range(blocks)]  # noqa: B023
  if blocks == 1:
    found = [program(given, parts[0], **static)]
  else:
    # jax keeps what it has compiled: this costs below a millisecond again.
    compiled = program.lower(given, parts[0], **static).compile()
    with futures.ThreadPoolExecutor(threads()) as pool:
      found = list(
          pool.map(
              lambda part: jax.block_until_ready(compiled(given, part)), parts
          )
      )

  def join(*leaves):
    flat = [xp.reshape(leaf, (-1, *leaf.shape[2:])) for leaf in leaves]
    return jnp.asarray(xp.concatenate(flat)[:number])

  return jax.tree.map(join, *found)


def plan(number: int, chunk: int, cores: int) -> tuple[int, int, int]:
  """How rows are divided, so that all parts are equal and few are filled up.

  Args:
    number: of rows.
    chunk: rows at a time, at most.
    cores: that work side by side.

  Returns:
    Blocks, chunks a block, and rows a chunk.

  >>> plan(200, 60, 2)
  (4, 1, 50)
  """
  chunks = -(-number // max(1, chunk))
  if cores == 1:
    return 1, chunks, -(-number // chunks)
  chunks = min(number, -(-chunks // cores) * cores)
  each = -(-chunks // (cores * _BLOCKS_PER_CORE))
  blocks = -(-chunks // each)
  return blocks, each, -(-number // (blocks * each))


def threads() -> int:
  """How many cores of a CPU this process may use; 1 on an accelerator."""
  if jax.default_backend() != 'cpu':
    return 1
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1
