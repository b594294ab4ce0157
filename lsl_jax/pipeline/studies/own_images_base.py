"""Base classes beside a user's own images, for learners that need some."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import ops
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import own_images_source
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import hallucination_phases


def attach(
    config: Any, task: task_lib.Task, trained: Trained, workdir: str
) -> tuple[task_lib.Task, Trained]:
  """Adds the images of `own_images.base` to a task, as base classes.

  They are in no label space: what is learned from them is how images of one
  class differ. The pretrained network has no classifier of theirs, so theirs is
  imprinted: the scaled unit means of their features.

  Args:
    config: the whole config.
    task: of the user's own images.
    trained: the pretrained network.
    workdir: of the run, where features are kept.

  Returns:
    Both with base classes.
  """
  problem = own_images_source.load_base(config)
  task = dataclasses.replace(task, base_problem=problem)
  rows, labels = hallucination_phases.all_base_examples(
      config, task, trained, workdir
  )
  means = jax.jit(ops.class_means, static_argnames='num_classes')(
      jnp.asarray(rows), jnp.asarray(labels), num_classes=problem.num_base
  )
  classifier = np.asarray(trained.scale * ops.unit(means))
  return task, trained._replace(classifier=classifier)
