import numpy as np
from PIL import Image
import pytest

from lsl_jax.data.reading import encoded, folder


def _fill(path, **classes):
  for name, shades in classes.items():
    (path / name).mkdir(parents=True)
    for shade in shades:
      image = Image.new('L', (3, 2), shade)
      image.save(path / name / f'{shade:03}.png')


def _shades(data, part):
  return [
      (data.class_names[label], int(image[0, 0, 0]))
      for image, label, train in zip(
          data.images, data.labels, data.is_train, strict=True
      )
      if train == part
  ]


def test_classes_are_the_sub_folders_sorted(tmp_path):
  _fill(tmp_path, dog=[3, 4], cat=[1, 2])
  data = folder.load(tmp_path, test_fraction=0.0)
  assert data.class_names == ('cat', 'dog')
  assert data.name == tmp_path.name
  expected = [('cat', 1), ('cat', 2), ('dog', 3), ('dog', 4)]
  assert _shades(data, part=True) == expected


def test_train_and_test_folders_are_the_division(tmp_path):
  _fill(tmp_path / 'train', cat=[1], dog=[2])
  _fill(tmp_path / 'test', dog=[3], emu=[4])
  data = folder.load(tmp_path, name='zoo')
  assert data.class_names == ('cat', 'dog', 'emu')
  assert data.name == 'zoo'
  assert _shades(data, part=True) == [('cat', 1), ('dog', 2)]
  assert _shades(data, part=False) == [('dog', 3), ('emu', 4)]


def test_otherwise_a_seeded_part_of_each_class_is_for_testing(tmp_path):
  _fill(tmp_path, cat=range(10), dog=range(20))
  data = folder.load(tmp_path, seed=1, test_fraction=0.3)
  np.testing.assert_array_equal(
      np.bincount(data.labels[~data.is_train]), [3, 6]
  )
  again = folder.load(tmp_path, seed=1, test_fraction=0.3)
  other = folder.load(tmp_path, seed=2, test_fraction=0.3)
  np.testing.assert_array_equal(again.is_train, data.is_train)
  assert (other.is_train != data.is_train).any()


def test_images_deeper_down_and_in_capitals_count_and_hidden_ones_do_not(
    tmp_path,
):
  _fill(tmp_path, cat=[1])
  _fill(tmp_path / 'cat', more=[2])
  (tmp_path / 'cat' / '001.png').rename(tmp_path / 'cat' / '001.PNG')
  _fill(tmp_path, **{'.cache': [7]})
  _fill(tmp_path / 'cat', **{'.thumbnails': [8]})
  data = folder.load(tmp_path, test_fraction=0.0)
  assert _shades(data, part=True) == [('cat', 1), ('cat', 2)]


def test_files_that_are_no_images_are_counted_in_one_warning(tmp_path):
  _fill(tmp_path, cat=[1], dog=[2])
  for name in ('cat', 'dog'):
    (tmp_path / name / 'notes.txt').write_text('x')
  with pytest.warns(UserWarning, match=r'ignored 2 files.*cat.notes\.txt'):
    data = folder.load(tmp_path)
  assert len(data) == 2


def test_a_corrupt_image_is_named_when_it_is_asked_for(tmp_path):
  _fill(tmp_path, cat=[1, 2])
  (tmp_path / 'cat' / '001.png').write_bytes(b'no')
  data = folder.load(tmp_path)
  assert data.images[1].shape == (2, 3, 3)
  with pytest.raises(encoded.ImageError, match=r'cat.001\.png: not an image'):
    _ = data.images[0]


def test_a_class_without_images_stays_for_the_check_to_find(tmp_path):
  _fill(tmp_path, cat=[1], dog=[])
  data = folder.load(tmp_path)
  assert data.class_names == ('cat', 'dog')


def test_a_folder_of_another_layout_is_refused(tmp_path):
  with pytest.raises(FileNotFoundError, match='no does not exist'):
    folder.load(tmp_path / 'no')
  with pytest.raises(ValueError, match='no class folders; expected <path>/<cl'):
    folder.load(tmp_path)
  _fill(tmp_path / 'empty', cat=[], dog=[])
  with pytest.raises(ValueError, match='holds 2 class folders but no images'):
    folder.load(tmp_path / 'empty')
  _fill(tmp_path / 'half' / 'test', cat=[1])
  with pytest.raises(ValueError, match='has test/ but no train/'):
    folder.load(tmp_path / 'half')
