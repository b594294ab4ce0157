"""Images that cannot be read: an error that names one, or a counted skip."""

from collections.abc import Callable, Sequence
from concurrent import futures
import os
import warnings

import numpy as np

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.reading import encoded, subset

POLICIES = ('error', 'skip')
_CHUNK = 32  # images a task, so that a task outweighs its bookkeeping


def drop(
    dataset: dataset_lib.Dataset,
    *,
    bad: str = 'error',
    threads: int | None = None,
) -> dataset_lib.Dataset:
  """Reads every image once, so that nothing fails later in a worker.

  Args:
    dataset: the images.
    bad: what an unreadable image does: `'error'` stops, `'skip'` leaves it out,
      with its label, and warns once with the count.
    threads: how many threads read; one a processor if None.

  Returns:
    The data set, without the unreadable images.

  Raises:
    encoded.ImageError: with `bad='error'`, an image cannot be read; with
      `bad='skip'`, none of them can.
    ValueError: `bad` is neither of the two.
  """
  check_policy(bad)
  if isinstance(dataset.images, np.ndarray):
    return dataset

  def read(i: int) -> None:
    _ = dataset.images[i]

  errors = each(len(dataset), read, threads=threads, skip=bad == 'skip')
  if not errors:
    return dataset
  report_skipped(dataset.name, list(errors.values()), len(dataset))
  keep = np.ones(len(dataset), bool)
  keep[list(errors)] = False
  return subset.select(dataset, keep)


def check_policy(bad: str) -> None:
  """Refuses a policy that does not exist."""
  if bad not in POLICIES:
    raise ValueError(f'bad must be one of {", ".join(POLICIES)}, got {bad!r}')


def report_skipped(
    name: str, errors: Sequence[encoded.ImageError], total: int
) -> None:
  """Warns once of the images left out; raises if none is left."""
  if len(errors) == total:
    raise encoded.ImageError(
        f'data set {name!r}: none of its {total} images can be read, the first'
        f' error is: {errors[0]}'
    ) from errors[0]
  warnings.warn(
      f'data set {name!r}: skipped {len(errors)} of {total} images that cannot'
      f' be read, the first error is: {errors[0]}',
      stacklevel=3,
  )


def each(
    count: int,
    work: Callable[[int], None],
    *,
    threads: int | None,
    skip: bool,
) -> dict[int, encoded.ImageError]:
  """Calls `work(i)` for i in 0 .. count - 1 in threads.

  Pillow and NumPy release the interpreter's lock where the time goes.

  Args:
    count: how many calls.
    work: what to do with number i; it may raise `encoded.ImageError`.
    threads: how many threads; one a processor if None.
    skip: collect the `ImageError`s instead of raising the first.

  Returns:
    The errors by i, ascending.
  """
  errors: dict[int, encoded.ImageError] = {}

  def chunk(start: int) -> None:
    for i in range(start, min(start + _CHUNK, count)):
      try:
        work(i)
      except encoded.ImageError as error:
        if not skip:
          raise
        errors[i] = error

  pool = futures.ThreadPoolExecutor(threads or os.cpu_count() or 1)
  try:
    for task in [pool.submit(chunk, s) for s in range(0, count, _CHUNK)]:
      task.result()
  finally:
    pool.shutdown(cancel_futures=True)
  return dict(sorted(errors.items()))
