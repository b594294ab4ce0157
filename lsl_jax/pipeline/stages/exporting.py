"""Features of all images of a data set, for other programs."""

import pathlib
from typing import Any

import jax
import numpy as np

from lsl_jax.data.reading import feature_files
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems.problem import Problem
from lsl_jax.pipeline.stages import kept_features


def export(
    config: Any, problem: Problem, trained: Trained, workdir: str
) -> None:
  """Writes features of every class, centre crops, to `config.export_features`.

  An `.npz` file holds both parts, names and the trained classifier, and can be
  the data of another run (`config.data.name='features'`). HDF5, as the code of
  Hariharan and Girshick reads it, is a file for training images and one beside
  it, `NAME_test`, for test images.

  Args:
    config: the whole config.
    problem: whose images they are.
    trained: the network.
    workdir: of the run.
  """
  every = np.arange(len(problem.original))
  rows = kept_features.stored(
      config,
      problem,
      trained.representation,
      trained.variables,
      workdir,
      every,
  )
  if jax.process_index() != 0:
    return
  path = pathlib.Path(config.export_features).expanduser()
  if path.suffix == '.npz':
    feature_files.write(
        path,
        rows,
        problem.original,
        is_train=problem.is_train,
        class_names=problem.original_names,
        classifier=trained.classifier[: problem.num_base],
    )
    return
  for part, name in ((True, path.name), (False, f'{path.stem}_test')):
    chosen = problem.is_train == part
    feature_files.write(
        path.with_name(name).with_suffix(path.suffix),
        rows[chosen],
        problem.original[chosen],
    )
