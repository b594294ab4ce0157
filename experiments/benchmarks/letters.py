"""The main job's training step and stream: letters that live on the device."""

import pathlib
import sys
import tempfile
from typing import Any


def make(variant: str | None) -> tuple[Any, ...]:
  """Executor, state and stream, of a variant of configs/imprint_glyphs.py."""
  import jax

  sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))
  from configs import imprint_glyphs
  from lsl_jax import training
  from lsl_jax.pipeline.learners import registry
  from lsl_jax.pipeline.problems import sources
  from lsl_jax.pipeline.stages import fitting, phase1

  config = imprint_glyphs.get_config(variant)
  with tempfile.TemporaryDirectory() as folder:
    problem, _ = sources.load(config, folder)
  representation = registry.make_representation(config, problem.num_base, None)
  indices = problem.indices(base=True, train=True)
  mesh = training.sharding.mesh()
  stream = fitting.make_stream(
      config, config.train, problem, indices, None, 0, mesh
  )
  optimizer = training.optimizer.make(
      config.train.optimizer,
      steps_per_epoch=stream.steps_per_epoch,
      num_steps=1000,
  )
  executor = training.executor.make('jit', representation.loss, optimizer)
  variables = jax.device_get(phase1.initialise(config, representation))
  state = training.TrainState.create(variables, optimizer)
  return executor, state, {'on the device': stream}
