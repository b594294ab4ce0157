"""The compiled program of implants stays within the memory it is given."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, lowshot, types
from lsl_jax.evaluation import cores
from lsl_jax.evaluation.episodic import chunk_size

WAY, SHOTS, QUERIES, TASKS, IMAGES = 3, 2, 4, 60, 100
# Of an image, what the implants of a very narrow network read: 6 kB.
TAPS = {
    'block4_conv1': (4, 4, 16),
    'block4_conv2': (4, 4, 32),
    'block4_conv3': (4, 4, 32),
    'map': (2, 2, 32),
}
TASK_BYTES = WAY * (SHOTS + QUERIES) * 4 * sum(map(np.prod, TAPS.values()))


def temporary_bytes(episodes, features, memory_gb):
  """Of the program that runs all tasks; from shapes alone, nothing runs.

  While it is traced it is one program, with a single chunk in memory.
  """
  learner = lowshot.implant(
      stream=lowshot.Stream(channels=2, shortcut=False), epochs=2
  )
  program = jax.jit(
      functools.partial(
          evaluation.episodic,
          learner=learner,
          base=types.Base(jnp.zeros((0, 1))),
          episodes=episodes,
          memory_gb=memory_gb,
      )
  ).lower(jax.eval_shape(lambda: jax.random.key(0)), features=features)
  return program.compile().memory_analysis().temp_size_in_bytes


def test_memory_grows_with_the_budget_and_stays_within_it(rng, monkeypatch):
  monkeypatch.setattr(cores, 'threads', lambda: 1)
  images = rng.integers(IMAGES, size=(TASKS, WAY, SHOTS + QUERIES), dtype='i4')
  episodes = types.Episode(
      np.zeros((TASKS, WAY), 'i4'), images[..., :SHOTS], images[..., SHOTS:]
  )
  features = {
      name: jax.ShapeDtypeStruct((IMAGES, *shape), jnp.float32)
      for name, shape in TAPS.items()
  }
  taken = []
  for chunk in (2, 6):
    budget = 4 * (chunk + 0.1) * TASK_BYTES
    assert chunk_size(features, episodes, None, budget / 1e9) == chunk
    taken.append(temporary_bytes(episodes, features, budget / 1e9))
    # No less than the chunk's examples themselves: they are side by side.
    assert chunk * TASK_BYTES < taken[-1] <= budget
  assert 2 < taken[1] / taken[0] < 4
