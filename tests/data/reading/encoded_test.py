import io
import pickle

import numpy as np
from PIL import Image
import pytest

from lsl_jax.data.reading import encoded

RED = (200, 30, 10)


def _bytes(image, kind='PNG', **options):
  stream = io.BytesIO()
  image.save(stream, kind, **options)
  return stream.getvalue()


def _photo(size=(6, 4)):
  return Image.new('RGB', size, RED)


def test_a_lossless_image_comes_back_as_it_was(rng):
  pixels = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
  for kind in ('PNG', 'BMP', 'TIFF', 'PPM'):
    data = _bytes(Image.fromarray(pixels), kind)
    np.testing.assert_array_equal(encoded.decode(data, 'x'), pixels)
  data = _bytes(Image.fromarray(pixels), 'WEBP', lossless=True)
  np.testing.assert_array_equal(encoded.decode(data, 'x'), pixels)


def test_greyscale_and_bilevel_become_rgb():
  grey = encoded.decode(_bytes(Image.new('L', (2, 3), 77)), 'x')
  np.testing.assert_array_equal(grey, np.full((3, 2, 3), 77, np.uint8))
  bilevel = encoded.decode(_bytes(Image.new('1', (2, 3), 1)), 'x')
  np.testing.assert_array_equal(bilevel, np.full((3, 2, 3), 255, np.uint8))


def test_a_palette_is_looked_up():
  for kind in ('PNG', 'GIF'):
    data = _bytes(_photo().quantize(4), kind)
    np.testing.assert_array_equal(encoded.decode(data, 'x')[0, 0], RED)


def test_transparency_is_laid_on_white():
  clear = Image.new('RGBA', (2, 2), (*RED, 0))
  half = Image.new('LA', (2, 2), (0, 51))
  assert (encoded.decode(_bytes(clear), 'x') == 255).all()
  assert (encoded.decode(_bytes(half), 'x') == 204).all()


def test_a_transparent_palette_entry_is_laid_on_white():
  data = _bytes(_photo().quantize(2), transparency=0)
  assert Image.open(io.BytesIO(data)).mode == 'P'
  assert (encoded.decode(data, 'x') == 255).all()


def test_16_bits_become_8():
  pixels = np.array([[0, 128, 129, 257, 65535]], np.uint16)
  image = encoded.decode(_bytes(Image.fromarray(pixels)), 'x')
  np.testing.assert_array_equal(image[0, :, 0], [0, 0, 1, 1, 255])


def test_cmyk_is_converted():
  data = _bytes(Image.new('CMYK', (8, 8), (255, 0, 0, 0)), 'JPEG', quality=95)
  np.testing.assert_allclose(
      encoded.decode(data, 'x')[4, 4], [0, 255, 255], atol=6
  )


def test_the_exif_orientation_is_applied():
  exif = Image.Exif()
  exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise
  pixels = np.zeros((2, 4, 3), np.uint8)
  pixels[0] = 255
  data = _bytes(Image.fromarray(pixels), 'PNG', exif=exif)
  turned = encoded.decode(data, 'x')
  assert turned.shape == (4, 2, 3)
  assert (turned[:, 1] == 255).all()
  assert (turned[:, 0] == 0).all()


@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'WEBP', 'GIF'])
def test_a_truncated_image_is_an_error_that_names_it(rng, kind):
  pixels = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
  data = _bytes(Image.fromarray(pixels), kind)
  with pytest.raises(encoded.ImageError, match='bird 7: '):
    encoded.decode(data[: len(data) // 2], 'bird 7')


def test_damaged_pixels_are_an_error_that_names_the_image(rng):
  pixels = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
  data = bytearray(_bytes(Image.fromarray(pixels)))
  data[50] ^= 0xFF
  with pytest.raises(encoded.ImageError, match='bird 7: cannot be decoded'):
    encoded.decode(bytes(data), 'bird 7')


def test_an_empty_file_and_a_text_are_errors_that_list_the_formats():
  with pytest.raises(encoded.ImageError, match=r'a: the file is empty.*JPEG'):
    encoded.decode(b'', 'a')
  with pytest.raises(encoded.ImageError, match=r'a: not an image.*JPEG'):
    encoded.decode(b'<html>not found</html>', 'a')


def test_a_format_that_starts_another_program_is_not_opened():
  with pytest.raises(encoded.ImageError, match='not an image'):
    encoded.decode(_bytes(_photo(), 'EPS'), 'a')


@pytest.mark.parametrize('limit', [20, 5])
@pytest.mark.filterwarnings('default::PIL.Image.DecompressionBombWarning')
def test_a_decompression_bomb_is_an_error(monkeypatch, limit):
  monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', limit)
  with pytest.raises(encoded.ImageError, match=r'bird 7: .*limit of'):
    encoded.decode(_bytes(_photo()), 'bird 7')


def test_floating_point_pixels_are_refused():
  image = Image.fromarray(np.zeros((2, 2), np.float32))
  with pytest.raises(encoded.ImageError, match='floating-point'):
    encoded.decode(_bytes(image, 'TIFF'), 'x')


def test_integers_beyond_16_bits_are_refused():
  image = Image.fromarray(np.full((2, 2), 70000, np.int32))
  with pytest.raises(encoded.ImageError, match='within 16 bits'):
    encoded.decode(_bytes(image, 'TIFF'), 'x')


def test_files_are_read_when_they_are_asked_for(tmp_path):
  path = tmp_path / 'a.png'
  images = encoded.Files([path, tmp_path / 'missing.png'])
  path.write_bytes(_bytes(_photo()))
  assert len(images) == 2
  assert images[0].shape == images[-2].shape == (4, 6, 3)
  with pytest.raises(encoded.ImageError, match=r'missing\.png: cannot be read'):
    _ = images[1]
  with pytest.raises(IndexError, match='image 2 of 2'):
    _ = images[2]


def test_a_pack_is_cut_at_its_offsets_and_can_be_sent_to_a_worker():
  files = [_bytes(_photo((n, 2))) for n in (1, 2, 3)]
  files[1] = files[1][:40]
  data = np.frombuffer(b''.join(files), np.uint8)
  offsets = np.cumsum([0] + [len(f) for f in files])
  pack = pickle.loads(pickle.dumps(encoded.Pack(data, offsets, 'my.npz')))
  assert len(pack) == 3
  assert pack[np.int64(0)].shape == (2, 1, 3)
  assert pack[2].shape == (2, 3, 3)
  with pytest.raises(encoded.ImageError, match=r'my\.npz, image 1: '):
    _ = pack[1]
