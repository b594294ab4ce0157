"""Stand-ins for photographs: files that are decoded while training goes on."""

import io
from typing import Any

import networks  # pyrefly: ignore[missing-import]
import numpy as np
from PIL import Image

from lsl_jax.data.reading import encoded

# Keywords of data.streamed.
READERS: dict[str, dict[str, Any]] = {
    'a thread a core': {},
    '1 thread': {'threads': 1},
    'no threads': {'threads': 0},
    '2 processes': {'workers': 2},
}


def jpegs(count: int, size: int = 96) -> encoded.Pack:
  """Smooth random images with some noise, as JPEG files."""
  rng = np.random.default_rng(0)
  files = []
  for _ in range(count):
    coarse = rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(
        (size, size), Image.Resampling.BICUBIC
    )
    noise = rng.integers(-8, 9, (size, size, 3))
    pixels = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, 'JPEG', quality=90)
    files.append(np.frombuffer(file.getvalue(), np.uint8))
  offsets = np.cumsum([0, *map(len, files)])
  return encoded.Pack(np.concatenate(files), offsets)


def make(
    count: int, network: networks.Network, num_readers: int | None
) -> tuple[Any, ...]:
  """Executor, state and streams of images that are decoded meanwhile."""
  from lsl_jax import data, training
  from lsl_jax.data.augmentation import augment_spec

  images = jpegs(count)
  executor, placed, _ = networks.make(network)
  streams = {
      name: data.streamed(
          images,
          np.arange(count) % network.classes,
          batch_size=network.batch,
          seed=0,
          spec=augment_spec.Spec(crop='random', size=network.size, flip=True),
          sharding=training.sharding.divided(training.sharding.mesh()),
          **options,
      )
      for name, options in list(READERS.items())[:num_readers]
  }
  return executor, executor.fetch(placed), streams
