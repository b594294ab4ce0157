import importlib.util
import pathlib

import numpy as np
import pytest

from lsl_jax.data.reading import npz

_FILE = (
    pathlib.Path(__file__).parents[2]
    / 'experiments'
    / 'imprinting'
    / 'prepare_cifar100.py'
)


@pytest.fixture
def script():
  spec = importlib.util.spec_from_file_location(_FILE.stem, _FILE)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def _filter(images):
  """The differences that the script sums up again, pixel by pixel."""
  filtered = np.zeros((3, *images.shape[:3]), np.uint8)
  count, height, width, _ = images.shape
  for n in range(count):
    planes = images[n].astype(int)
    red, green, blue = planes[..., 0], planes[..., 1], planes[..., 2]
    for c, plane in enumerate((red - green, green, blue - green)):
      for i in range(height):
        for j in range(width):
          above = plane[i - 1, j] if i else 0
          left = plane[i, j - 1] if j else 0
          corner = plane[i - 1, j - 1] if i and j else 0
          filtered[c, n, i, j] = (plane[i, j] - above - left + corner) % 256
  return filtered


def _save(path, images, labels, names=('apple', 'baby')):
  np.savez(
      path,
      images_filtered=_filter(images),
      fine=np.array(labels, np.uint8),
      fine_names=np.array(names),
  )
  return str(path)


def test_both_files_become_one_data_set_with_the_original_pixels(
    script, tmp_path, rng
):
  images = rng.integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
  train = _save(tmp_path / 'train.npz', images[:2], [0, 1])
  test = _save(tmp_path / 'test.npz', images[2:], [1])
  script.convert(train, test, str(tmp_path / 'new' / 'cifar100.npz'))
  data = npz.load(tmp_path / 'new' / 'cifar100.npz')
  np.testing.assert_array_equal(data.images, images)
  np.testing.assert_array_equal(data.labels, [0, 1, 1])
  np.testing.assert_array_equal(data.is_train, [True, True, False])
  assert data.class_names == ('apple', 'baby')


def test_files_with_other_class_names_are_refused(script, tmp_path, rng):
  images = rng.integers(0, 256, (1, 2, 2, 3), dtype=np.uint8)
  train = _save(tmp_path / 'train.npz', images, [0])
  test = _save(tmp_path / 'test.npz', images, [0], ('apple', 'bear'))
  with pytest.raises(ValueError, match='differ in fine_names'):
    script.convert(train, test, str(tmp_path / 'out.npz'))
