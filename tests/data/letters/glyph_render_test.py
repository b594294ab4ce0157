import numpy as np
from PIL import Image
import pytest

from lsl_jax.data.letters import glyph_fonts, glyph_render

_STRAIGHT = glyph_render.Distortion(
    rotation=0.0,
    shear=0.0,
    aspect=0.0,
    extent=0.5,
    right=0.5,
    down=0.5,
    ink=0,
    paper=200,
)


def _box(image, paper):
  rows, columns = np.nonzero(image < paper - 10)
  return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


def test_a_solid_square_becomes_a_square_of_half_the_side_in_the_middle():
  solid = Image.new('L', (48, 48), 255)
  image = glyph_render.render(solid, _STRAIGHT, 16)
  expected = np.full((16, 16), 200)
  expected[4:12, 4:12] = 0
  inside = np.zeros((16, 16), bool)
  inside[5:11, 5:11] = True
  outside = np.ones((16, 16), bool)
  outside[3:13, 3:13] = False
  sure = inside | outside
  np.testing.assert_array_equal(image[sure], expected[sure])
  assert _box(image, 200)[::2] == (4, 4)


def test_the_place_runs_from_edge_to_edge():
  solid = Image.new('L', (48, 48), 255)
  corner = glyph_render.render(solid, _STRAIGHT._replace(right=0, down=1), 16)
  top, bottom, left, right = _box(corner, 200)
  assert (left, bottom) == (0, 16)
  assert (right, top) == (8, 8)


@pytest.mark.parametrize(
    ('change', 'expected'),
    [
        ({'rotation': 0.2}, [[0.98, -0.199], [0.199, 0.98]]),
        ({'shear': 0.5}, [[1.0, 0.5], [0.0, 1.0]]),
        ({'aspect': 0.4}, [[1.221, 0.0], [0.0, 0.819]]),
    ],
)
def test_rotation_shear_and_aspect_are_the_linear_maps_they_claim(
    change, expected
):
  # Second moments of the ink tell the map up to its scale: M M^T.
  rows, columns = np.mgrid[:61, :61] - 30
  disc = Image.fromarray(
      np.where(rows**2 + columns**2 < 900, 255, 0).astype(np.uint8)
  )
  image = glyph_render.render(disc, _STRAIGHT._replace(**change), 96)
  weight = 200.0 - image
  y, x = np.mgrid[:96, :96]
  x = x - (weight * x).sum() / weight.sum()
  y = y - (weight * y).sum() / weight.sum()
  moments = np.array(
      [
          [(weight * x * x).sum(), (weight * x * y).sum()],
          [(weight * x * y).sum(), (weight * y * y).sum()],
      ]
  )
  expected = np.array(expected) @ np.transpose(expected)
  np.testing.assert_allclose(
      moments / np.trace(moments), expected / np.trace(expected), atol=0.01
  )


@pytest.mark.parametrize('letter', ['W', 'l', 'Щ', 'ჭ'])
def test_no_letter_is_clipped_lost_or_smaller_than_drawn(letter):
  outline = glyph_fonts.outline('DejaVuSans.ttf', letter)
  for repetition in range(20):
    how = glyph_render.sample((1, repetition))
    image = glyph_render.render(outline, how, 32)
    assert image.shape == (32, 32) and image.dtype == np.uint8
    # Wherever in the image the letter lies, it has as much ink.
    middle = how._replace(right=0.5, down=0.5, extent=0.5)
    reference = glyph_render.render(outline, middle, 32)
    ink = (how.paper - image.astype(float)).sum() / how.extent**2
    whole = (how.paper - reference.astype(float)).sum() / 0.25
    np.testing.assert_allclose(ink, whole, rtol=0.08)


def test_a_distortion_is_a_function_of_its_seed_within_its_range():
  drawn = [glyph_render.sample((0, 65, 3, k)) for k in range(200)]
  assert drawn[7] == glyph_render.sample((0, 65, 3, 7))
  assert len(set(drawn)) == 200
  for how in drawn:
    assert abs(how.rotation) <= 0.26
    assert 0.55 <= how.extent <= 0.95
    assert 0 <= how.ink < 110 < 160 <= how.paper <= 255
  assert min(how.rotation for how in drawn) < -0.15
  assert max(how.rotation for how in drawn) > 0.15


def test_the_last_bit_of_a_sine_changes_no_pixel():
  outline = glyph_fonts.outline('DejaVuSerif.ttf', 'g')
  for repetition in range(10):
    how = glyph_render.sample((2, repetition))
    other = how._replace(rotation=np.nextafter(how.rotation, 1.0).item())
    np.testing.assert_array_equal(
        glyph_render.render(outline, how, 32),
        glyph_render.render(outline, other, 32),
    )
