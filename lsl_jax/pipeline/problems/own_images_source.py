"""From `config.data` to own images as novel classes, and base ones beside."""

import dataclasses
from typing import Any

import numpy as np

from lsl_jax import data
from lsl_jax.data.classes import check
from lsl_jax.data.reading import encoded, subset, unreadable
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import sources


def load(config: Any) -> tuple[problem_lib.Problem, tuple[str, ...]]:
  """Loads and checks the images.

  Args:
    config: the whole config.

  Returns:
    The problem, all of whose classes are novel, and what each image is called.

  Raises:
    ValueError: whatever does not fit, by name.
    FileNotFoundError: the data set is not where it should be.
  """
  spec = config.data
  dataset = _read(spec)
  names = tuple(called(dataset.images, i) for i in range(len(dataset)))
  every = range(min(dataset.num_classes, spec.max_classes or 10**9))
  split = check.check(
      dataset,
      data.ClassSplit((), (), tuple(every)),
      shots=1,
      queries=0,
      bad=spec.small_class,
  )
  dataset, in_memory = sources.decoded(spec, dataset)
  problem = problem_lib.assemble(dataset, (), split.novel, in_memory=in_memory)
  return problem, names


def load_base(config: Any) -> problem_lib.Problem:
  """Loads the images of `own_images.base`, all of them to learn from.

  Args:
    config: the whole config.

  Returns:
    A problem whose classes all are base classes.

  Raises:
    ValueError: whatever does not fit, by name.
    FileNotFoundError: it is not there.
  """
  path = config.own_images.base
  name = 'npz' if path.endswith('.npz') else 'folder'
  # Options are of the other loader, or divide images that all are learned from.
  dataset = _read(config.data, name=name, path=path, options={})
  if dataset.num_classes < 2:
    raise ValueError(
        f'own_images.base: {path} has {dataset.num_classes} class; analogies'
        ' are between two classes or more'
    )
  dataset, in_memory = sources.decoded(config.data, dataset)
  dataset = dataclasses.replace(
      dataset, is_train=np.ones(len(dataset.labels), bool)
  )
  every = tuple(np.unique(dataset.labels).tolist())
  return problem_lib.assemble(dataset, every, (), in_memory=in_memory)


def _read(spec: Any, **other: Any) -> data.Dataset:
  """The images that can be read, of so many classes as are wanted."""
  dataset = data.load({**spec.to_dict(), 'path': spec.path or None, **other})
  if spec.bad == 'skip':
    dataset = unreadable.drop(dataset, bad='skip')
  if spec.max_classes:
    few = dataset.labels < spec.max_classes
    dataset = subset.select(dataset, few)
  return dataset


def called(images: Any, index: int) -> str:
  """The name of an image's file, or its number."""
  if isinstance(images, subset.Subset):
    return called(images.images, int(images.indices[index]))
  if isinstance(images, encoded.Files):
    name = images.paths[index].rsplit('/', 1)[-1]
    return name.encode(errors='backslashreplace').decode()
  return f'image {index}'
