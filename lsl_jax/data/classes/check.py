"""Whether a data set can carry a protocol, before anything is trained."""

import warnings

import numpy as np

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.classes import splits
from lsl_jax.data.reading import unreadable


def check(
    dataset: dataset_lib.Dataset,
    split: splits.ClassSplit,
    *,
    shots: int,
    queries: int = 1,
    pooled: bool = False,
    bad: str = 'error',
) -> splits.ClassSplit:
  """Counts the images of every class of a split.

  A base class needs a training image and a test image; a validation or novel
  class needs `shots` training images and `queries` test images. Where episodes
  draw support and query from one pool of novel images, such a class needs
  `shots + queries` images in all, and a base class only the training image.

  Args:
    dataset: the labelled images.
    split: which classes are base, validation and novel.
    shots: examples of a novel class, K, the largest where there are several.
    queries: test examples of a novel class, Q.
    pooled: whether support and query come from the same images.
    bad: what a class with too few images does: `'error'` stops, `'skip'` leaves
      it out of the split and warns once with the count.

  Returns:
    The split, without the classes that were left out.

  Raises:
    ValueError: a class has too few images and `bad='error'`, or a part of the
      split would lose all of its classes, or a class index is out of range, or
      `bad` is neither of the two; the message names the class.
  """
  unreadable.check_policy(bad)
  problems: dict[int, str] = {}
  for part, classes in split._asdict().items():
    for index in classes:
      if not 0 <= index < dataset.num_classes:
        raise ValueError(
            f'data set {dataset.name!r}: the {part} class {index} is not in'
            f' 0..{dataset.num_classes - 1}'
        )
  train = np.bincount(
      dataset.labels[dataset.is_train], minlength=dataset.num_classes
  )
  test = np.bincount(
      dataset.labels[~dataset.is_train], minlength=dataset.num_classes
  )
  for part, classes in split._asdict().items():
    for index in classes:
      counts = int(train[index]), int(test[index])
      if part == 'base':
        what = _problem(*counts, 1, 0 if pooled else 1, pooled=False)
      else:
        what = _problem(*counts, shots, queries, pooled=pooled)
      if what:
        name = dataset.class_names[index]
        problems[index] = f'the {part} class {name!r} has {what}'
  if not problems:
    return split
  first = next(iter(problems.values()))
  if bad == 'error':
    raise ValueError(
        f'data set {dataset.name!r}: {first} ({len(problems)} such classes);'
        " add images, ask for less, or leave such classes out with bad='skip'"
    )
  kept = splits.ClassSplit(
      *(tuple(i for i in classes if i not in problems) for classes in split)
  )
  for part, classes in split._asdict().items():
    if classes and not getattr(kept, part):
      raise ValueError(
          f'data set {dataset.name!r}: no {part} class has enough images; the'
          f' first: {first}'
      )
  warnings.warn(
      f'data set {dataset.name!r}: left out {len(problems)} classes with too'
      f' few images, the first: {first}',
      stacklevel=2,
  )
  return kept


def _problem(
    train: int, test: int, shots: int, queries: int, *, pooled: bool
) -> str:
  """What a class lacks, or an empty string."""
  if train + test == 0:
    return 'no images'
  if pooled:
    if train + test < shots + queries:
      return (
          f'{train + test} images, needed are {shots + queries}: {shots} to'
          f' learn from and {queries} to test on'
      )
    return ''
  if train < shots:
    return f'{train} training images, needed are {shots}'
  if test < queries:
    return f'{test} test images, needed are {queries}'
  return ''
