"""From `config.data` to the problems that a run works on."""

import dataclasses
import os
from typing import Any, NamedTuple

from absl import logging
import jax
import numpy as np

from lsl_jax import data
from lsl_jax.data.classes import check, split_record, splits
from lsl_jax.data.letters import glyphs
from lsl_jax.data.reading import dense, feature_rows, subset
from lsl_jax.pipeline.problems import problem as problem_lib

# What a run may report.
PARTS = ('novel', 'validation')


class Sources(NamedTuple):
  """What a run learns and is tested on.

  Attributes:
    problem: base classes, and the classes that the run reports.
    validation: base and validation classes, where the split has any and they
      are not what is reported.
  """

  problem: problem_lib.Problem
  validation: problem_lib.Problem | None


def load(config: Any, workdir: str) -> Sources:
  """Loads data and class split, checks them, and writes the split down.

  Args:
    config: the whole config.
    workdir: gets `split.json`; one that is there must be the same.

  Returns:
    The problems.

  Raises:
    ValueError: whatever does not fit, by name.
    FileNotFoundError: the data set is not where it should be.
  """
  spec = config.data
  dataset = data.load({**spec.to_dict(), 'path': spec.path or None})
  split = class_split(spec, dataset)
  if spec.max_classes:
    dataset, split = _reduce(dataset, split, spec.max_classes)
  dataset, in_memory = decoded(spec, dataset)
  # After decoding, which may have left unreadable images out.
  split = check.check(
      dataset,
      split,
      shots=max(config.evaluation.shots),
      bad=spec.small_class,
      **_episodes(config),
  )
  path = os.path.join(workdir, 'split.json')
  if os.path.exists(path):
    split_record.read(path, dataset, split)
  elif jax.process_index() == 0:
    split_record.write(path, dataset, split)

  reported = config.evaluation.classes
  for part in ('base', reported):
    if not getattr(split, part):
      raise ValueError(
          f'the split of {dataset.name!r} has no {part} classes, and'
          f' evaluation.classes is {reported!r}; it has {len(split.base)} base,'
          f' {len(split.validation)} validation and {len(split.novel)} novel'
          ' ones'
      )
  make = lambda novel: problem_lib.assemble(
      dataset, split.base, novel, in_memory=in_memory
  )
  other = split.validation if reported == 'novel' else ()
  logging.info(
      '%r: %s', dataset, {k: len(v) for k, v in split._asdict().items()}
  )
  return Sources(make(getattr(split, reported)), make(other) if other else None)


def decoded(spec: Any, dataset: data.Dataset) -> tuple[data.Dataset, bool]:
  """The images as one array of the configured size, where memory holds it.

  Args:
    spec: `config.data`.
    dataset: of images, or of features, which are left alone.

  Returns:
    The data set, without the images that `spec.bad` skips, and whether it is in
    memory; one that is not streams through workers.
  """
  if isinstance(dataset.images, feature_rows.FeatureRows) or not fits(
      spec, dataset
  ):
    return dataset, False
  sizes = {'size': spec.resize, 'resize': spec.resize}
  return (
      dense.to_dataset(
          dataset, **sizes, keep_aspect=spec.keep_aspect, bad=spec.bad
      ),
      True,
  )


def _episodes(config: Any) -> dict[str, Any]:
  """What episodes need of a class beyond its shots."""
  if config.evaluation.protocol != 'episodic':
    return {}
  return {'queries': config.episodes.queries, 'pooled': True}


def class_split(spec: Any, dataset: data.Dataset) -> data.ClassSplit:
  """The configured split, or the one that comes with the data set."""
  if spec.split:
    return data.class_split(
        spec.split if isinstance(spec.split, str) else spec.split.to_dict(),
        dataset.class_names,
    )
  if spec.name == 'glyphs':
    return glyphs.class_split(dataset.class_names)
  raise ValueError(
      f'data.split: {dataset.name!r} has no split of its own; give a shipped'
      f' list ({", ".join(splits.shipped())}) or the path of a .json file'
  )


def fits(spec: Any, dataset: data.Dataset) -> bool:
  """Whether memory can hold the images, decoded and resized."""
  needed = len(dataset) * spec.resize**2 * 3 / 1e9
  if needed > spec.memory_gb:
    logging.info(
        '%s: %.1f GB of images are more than data.memory_gb; they stream.',
        dataset.name,
        needed,
    )
  return needed <= spec.memory_gb


def _reduce(
    dataset: data.Dataset, split: data.ClassSplit, count: int
) -> tuple[data.Dataset, data.ClassSplit]:
  """The first classes of each part and their images."""
  split = data.ClassSplit(*(classes[:count] for classes in split))
  kept = sorted(c for classes in split for c in classes)
  renumbered = {c: i for i, c in enumerate(kept)}
  dataset = _only(dataset, kept)
  return dataset, data.ClassSplit(
      *(tuple(renumbered[c] for c in classes) for classes in split)
  )


def first_classes(dataset: data.Dataset, count: int) -> data.Dataset:
  """The images of a data set's first classes."""
  return _only(dataset, list(range(min(count, dataset.num_classes))))


def _only(dataset: data.Dataset, kept: list[int]) -> data.Dataset:
  """The images of some classes, numbered anew in the order of their indices."""
  images = np.flatnonzero(np.isin(dataset.labels, kept))
  dataset = subset.select(dataset, images)
  return dataclasses.replace(
      dataset,
      labels=np.searchsorted(kept, dataset.labels).astype(np.int32),
      class_names=tuple(dataset.class_names[c] for c in kept),
  )
