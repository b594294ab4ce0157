"""Batches for MixMatch: a labelled image, then views of an unlabelled one."""

from collections.abc import Iterator
import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import data, training, types
from lsl_jax.data.augmentation import augment, augment_spec
from lsl_jax.data.streaming import streams
from lsl_jax.pipeline.problems.problem import Problem
from lsl_jax.pipeline.stages import fitting


def make_stream(
    config: Any,
    problem: Problem,
    labelled: np.ndarray,
    unlabelled: np.ndarray,
    seed: int,
    mesh: jax.sharding.Mesh,
) -> streams.Stream:
  """Groups of 1 + K images, `config.train.batch_size` groups a batch.

  Args:
    config: the whole config.
    problem: where the images are, in memory.
    labelled: indices, as often as an epoch visits them.
    unlabelled: indices; if there are none, the labelled ones.
    seed: of order and augmentation.
    mesh: the devices.

  Returns:
    The stream; its epochs are those of the labelled images.

  Raises:
    ValueError: images that are not in memory, or executor 'pmap'.
  """
  if not problem.in_memory or config.executor != 'jit':
    raise ValueError(
        "small_sample.method 'mixmatch' needs images in memory (see"
        " data.memory_gb) and executor 'jit'"
    )
  sharding = training.sharding.divided(mesh)
  images = streams.replicated(problem.images, sharding)
  make = functools.partial(
      data.in_memory,
      images,
      problem.labels,
      batch_size=config.train.batch_size,
      sharding=sharding,
  )
  spec = fitting.augmentation(config)
  normalisation: dict[str, Any] = dict(fitting.normalisation(config))
  known = make(indices=labelled, seed=seed, spec=spec, **normalisation)
  # As bytes: each of them is augmented several times below.
  others = make(
      indices=unlabelled if len(unlabelled) else labelled,
      seed=fitting.derived_seed(seed, 'unlabelled'),
      mean=(0.0, 0.0, 0.0),
      std=(1 / 255, 1 / 255, 1 / 255),
  )
  join = functools.partial(
      _join,
      views=config.mixmatch.views,
      spec=spec,
      normalisation=tuple(sorted(normalisation.items())),
      sharding=sharding,
  )
  key = jax.random.key(fitting.derived_seed(seed, 'views'))

  def generate(step: int) -> Iterator[types.Batch]:
    pairs = zip(known.batches(step), others.batches(step), strict=True)
    for number, (own, other) in enumerate(pairs, start=step):
      yield join(own, other.images, jax.random.fold_in(key, number))

  return dataclasses.replace(
      known, batches=lambda step: streams.Batches(generate(step))
  )


@functools.partial(
    jax.jit, static_argnames=('views', 'spec', 'normalisation', 'sharding')
)
def _join(
    batch: types.Batch,
    others: jax.Array,
    key: jax.Array,
    *,
    views: int,
    spec: augment_spec.Spec,
    normalisation: Any,
    sharding: jax.sharding.NamedSharding,
) -> types.Batch:
  """Groups of a labelled image and views of another, one after another."""
  keys = jax.random.split(key, (len(others), views))
  view = lambda key, image: augment.view(key, image, spec)
  several = jax.vmap(jax.vmap(view, in_axes=(0, None)))(keys, others)
  several = augment.normalise(several, **dict(normalisation))
  groups = jnp.concatenate([batch.images[:, None], several], axis=1)
  labels = jnp.full((len(others), 1 + views), -1, jnp.int32)
  labels = labels.at[:, 0].set(batch.labels)
  joined = types.Batch(
      groups.reshape(-1, *groups.shape[2:]), labels.reshape(-1)
  )
  return jax.lax.with_sharding_constraint(joined, sharding)
