"""AutoAugment: sub-policies of two operations each, learned on CIFAR-10.

References:
  Cubuk, Zoph, Mane, Vasudevan, Le. AutoAugment: learning augmentation
  strategies from data. CVPR 2019, section 3 and table 7 of the appendix.
"""

import chex
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax.data.augmentation import affine, pixel_maps

OPERATIONS = (
    'ShearX',
    'ShearY',
    'TranslateX',
    'TranslateY',
    'Rotate',
    'AutoContrast',
    'Invert',
    'Equalize',
    'Solarize',
    'Posterize',
    'Contrast',
    'Color',
    'Brightness',
    'Sharpness',
)
_GREY = 128.0  # what geometric operations bring in from outside
_TEN = 10  # levels of every magnitude, 0 .. 9

# Operation, probability, magnitude, twice. A magnitude of 0 stands where an
# operation has none.
_CIFAR10 = """
  Invert 0.1 0 Contrast 0.2 6         Rotate 0.7 2 TranslateX 0.3 9
  Sharpness 0.8 1 Sharpness 0.9 3     ShearY 0.5 8 TranslateY 0.7 9
  AutoContrast 0.5 0 Equalize 0.9 0   ShearY 0.2 7 Posterize 0.3 7
  Color 0.4 3 Brightness 0.6 7        Sharpness 0.3 9 Brightness 0.7 9
  Equalize 0.6 0 Equalize 0.5 0       Contrast 0.6 7 Sharpness 0.6 5
  Color 0.7 7 TranslateX 0.5 8        Equalize 0.3 0 AutoContrast 0.4 0
  TranslateY 0.4 3 Sharpness 0.2 6    Brightness 0.9 6 Color 0.2 8
  Solarize 0.5 2 Invert 0.0 0         Equalize 0.2 0 AutoContrast 0.6 0
  Equalize 0.2 0 Equalize 0.6 0       Color 0.9 9 Equalize 0.6 0
  AutoContrast 0.8 0 Solarize 0.2 8   Brightness 0.1 3 Color 0.7 0
  Solarize 0.4 5 AutoContrast 0.9 0   TranslateY 0.9 9 TranslateY 0.7 9
  AutoContrast 0.9 0 Solarize 0.8 3   Equalize 0.8 0 Invert 0.1 0
  TranslateY 0.7 9 AutoContrast 0.9 0
"""


def policy() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """The 25 sub-policies of CIFAR-10, which CIFAR-100 shares.

  Returns:
    Operations as indices into `OPERATIONS`, their probabilities, and their
    magnitudes in 0 .. 9, each `[25, 2]`.
  """
  fields = np.array(_CIFAR10.split()).reshape(-1, 2, 3)
  operations = np.vectorize(OPERATIONS.index)(fields[..., 0])
  return (
      operations.astype(np.int32),
      fields[..., 1].astype(np.float32),
      fields[..., 2].astype(np.int32),
  )


def autoaugment(key: jax.Array, image: jax.Array) -> jax.Array:
  """Applies a random sub-policy of CIFAR-10.

  Each of its two operations is applied with its probability; those that go in
  one direction or the other do so by the toss of a coin. Geometric operations
  interpolate bilinearly and fill with grey, as the paper's program does; values
  are rounded after every operation.

  Args:
    key: of this image.
    image: `[H, W, 3]` with values in 0 .. 255.

  Returns:
    `[H, W, 3]` float32, whole numbers in 0 .. 255.
  """
  chex.assert_rank(image, 3)
  operations, probabilities, magnitudes = policy()
  choice_key, *keys = jax.random.split(key, 3)
  chosen = jax.random.randint(choice_key, (), 0, len(operations))
  image = jnp.round(image.astype(jnp.float32))
  for slot, slot_key in enumerate(keys):
    coin_key, sign_key = jax.random.split(slot_key)
    result = transform(
        image,
        jnp.asarray(operations)[chosen, slot],
        jnp.asarray(magnitudes)[chosen, slot],
        jax.random.rademacher(sign_key, (), jnp.float32),
    )
    probability = jnp.asarray(probabilities)[chosen, slot]
    happens = jax.random.bernoulli(coin_key, probability)
    image = jnp.where(happens, result, image)
  return image


def transform(
    image: jax.Array,
    operation: jax.Array | int,
    magnitude: jax.Array | int,
    sign: jax.Array | float = 1.0,
) -> jax.Array:
  """Applies one operation, which may be known only when the program runs.

  Every operation is an affine map, a map of values, or a blend of pixels. All
  three are made, of which two change nothing: under vmap, where each image has
  an operation of its own, that is much less than all fourteen operations.

  Args:
    image: `[H, W, 3]` float32, whole numbers in 0 .. 255.
    operation: index into `OPERATIONS`, `[]` int.
    magnitude: its strength, `[]`, 0 to 9. At 9: shears by 0.3, moves by 150 /
      331 of the side, turns by 30 degrees, enhances by 1.9 or 0.1, solarizes
      from 0 on, posterizes to 4 bits.
    sign: 1 or -1, the direction where there are two.

  Returns:
    `[H, W, 3]` float32, whole numbers in 0 .. 255.
  """
  chex.assert_rank(image, 3)
  operation = jnp.asarray(operation)
  share = jnp.asarray(magnitude, jnp.float32) / (_TEN - 1)
  matrix, shift = _geometry(operation, share * sign, image.shape)
  moved = jnp.round(affine.affine(image, matrix, shift, fill=_GREY))
  image = jnp.where(operation < 5, jnp.clip(moved, 0, 255), image)
  factor = 1 + 0.9 * share * sign
  image = pixel_maps.apply(image, _table(image, operation, share, factor))
  name = lambda n: operation == OPERATIONS.index(n)
  image = jnp.where(name('Color'), pixel_maps.saturate(image, factor), image)
  return jnp.where(name('Sharpness'), pixel_maps.sharpen(image, factor), image)


def _geometry(operation, amount, shape):
  """Matrix and shift of `affine.affine`; the identity for other operations."""
  is_ = lambda name: (operation == OPERATIONS.index(name)).astype(jnp.float32)
  angle = is_('Rotate') * amount * jnp.pi / 6
  cos, sin = jnp.cos(angle), jnp.sin(angle)
  matrix = jnp.stack(
      [
          jnp.stack([cos, sin + is_('ShearY') * 0.3 * amount]),
          jnp.stack([-sin + is_('ShearX') * 0.3 * amount, cos]),
      ]
  )
  far = 150 / 331 * amount
  shift = jnp.stack(
      [
          is_('TranslateY') * jnp.round(far * shape[0]),
          is_('TranslateX') * jnp.round(far * shape[1]),
      ]
  )
  return matrix, shift


def _table(image, operation, share, factor):
  """The map of values, the identity for operations that have none."""
  counts = pixel_maps.histogram(image)
  # Whole levels give whole thresholds, which a share of them would miss.
  threshold = 255.0 * jnp.round(9 * (1 - share)) / 9
  tables = {
      'AutoContrast': pixel_maps.autocontrast(counts),
      'Invert': pixel_maps.invert(),
      'Equalize': pixel_maps.equalize(counts),
      'Solarize': pixel_maps.solarize(threshold),
      'Posterize': pixel_maps.posterize(8 - jnp.round(4 * share)),
      'Contrast': pixel_maps.contrast(factor, pixel_maps.mean_luma(image)),
      'Brightness': pixel_maps.brightness(factor),
  }
  result = pixel_maps.identity()
  for name, table in tables.items():
    result = jnp.where(operation == OPERATIONS.index(name), table, result)
  return result
