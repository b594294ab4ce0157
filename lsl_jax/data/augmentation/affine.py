"""Small affine maps of one image: what glyphs get instead of flips."""

import functools

import chex
import jax
import jax.numpy as jnp


def affine(
    image: jax.Array,
    matrix: jax.Array,
    shift: jax.Array,
    *,
    fill: float | None = 0.0,
) -> jax.Array:
  r"""Maps an image affinely about its centre, interpolating bilinearly.

  With :math:`c` the centre, the result at place :math:`p` is the image at

  .. math:: c + A (p - c - t).

  Args:
    image: `[H, W, 3]`.
    matrix: :math:`A`, `[2, 2]`, on (row, column): from result to image.
    shift: :math:`t`, `[2]`, by how many pixels the image moves.
    fill: value outside of the image; None repeats the edge pixels.

  Returns:
    `[H, W, 3]` float32.
  """
  chex.assert_rank([image, matrix, shift], [3, 2, 1])
  height, width = image.shape[:2]
  centre = jnp.array([(height - 1) / 2, (width - 1) / 2], jnp.float32)
  rows, columns = jnp.meshgrid(
      jnp.arange(height) - centre[0] - shift[0],
      jnp.arange(width) - centre[1] - shift[1],
      indexing='ij',
  )
  source_rows = centre[0] + matrix[0, 0] * rows + matrix[0, 1] * columns
  source_columns = centre[1] + matrix[1, 0] * rows + matrix[1, 1] * columns
  top, left = jnp.floor(source_rows), jnp.floor(source_columns)
  down, right = source_rows - top, source_columns - left

  def pixels(row, column):
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    values = image[
        jnp.clip(row, 0, height - 1).astype(jnp.int32),
        jnp.clip(column, 0, width - 1).astype(jnp.int32),
    ].astype(jnp.float32)
    if fill is None:
      return values
    return jnp.where(inside[..., None], values, fill)

  def mix(first, second, share):
    return first + share[..., None] * (second - first)

  return mix(
      mix(pixels(top, left), pixels(top, left + 1), right),
      mix(pixels(top + 1, left), pixels(top + 1, left + 1), right),
      down,
  )


def random_map(
    key: jax.Array,
    shape: tuple[int, int],
    *,
    rotation: float = 0.0,
    zoom: float = 0.0,
    shear: float = 0.0,
    translation: float = 0.0,
) -> tuple[jax.Array, jax.Array]:
  """A map that rotates, then shears, then scales, and moves, each by a little.

  Each amount is drawn uniformly from between minus and plus its argument.

  Args:
    key: of this map.
    shape: height and width of the image.
    rotation: degrees.
    zoom: the image's sides are multiplied by 1 plus this, each by its own.
    shear: columns that a row moves for each row between it and the centre.
    translation: share of the sides by which the image moves.

  Returns:
    The matrix `[2, 2]` and the shift `[2]` of `affine`.
  """
  amounts = jax.random.uniform(key, (6,), minval=-1.0)
  angle = jnp.deg2rad(rotation) * amounts[0]
  cos, sin = jnp.cos(angle), jnp.sin(angle)
  # From the result back to the image: each step's inverse, last step first.
  unrotate = jnp.array([[cos, -sin], [sin, cos]])
  unshear = jnp.array([[1.0, 0.0], [-shear * amounts[3], 1.0]])
  unscale = jnp.diag(1 / (1 + zoom * amounts[1:3]))
  product = functools.partial(jnp.matmul, precision=jax.lax.Precision.HIGHEST)
  shift = translation * amounts[4:] * jnp.array(shape, jnp.float32)
  return product(unrotate, product(unshear, unscale)), shift


def random_affine(
    key: jax.Array,
    image: jax.Array,
    *,
    rotation: float = 0.0,
    zoom: float = 0.0,
    shear: float = 0.0,
    translation: float = 0.0,
    fill: float | None = 0.0,
) -> jax.Array:
  """Rotates, scales, shears and moves an image by a little.

  Args:
    key: of this image.
    image: `[H, W, 3]`.
    rotation: see `random_map`, as for the next three.
    zoom: largest relative change of a side.
    shear: largest shear.
    translation: largest move.
    fill: value outside of the image; None repeats the edge pixels.

  Returns:
    `[H, W, 3]` float32.
  """
  matrix, shift = random_map(
      key,
      (image.shape[0], image.shape[1]),
      rotation=rotation,
      zoom=zoom,
      shear=shear,
      translation=translation,
  )
  return affine(image, matrix, shift, fill=fill)
