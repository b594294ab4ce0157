import io
import warnings

import numpy as np
from PIL import Image
import pytest

from lsl_jax.data.reading import npz

IMAGES = np.arange(4 * 2 * 3 * 3, dtype=np.uint8).reshape(4, 2, 3, 3)
LABELS = np.array([0, 1, 0, 1])


def _save(path, **arrays):
  np.savez(path, **arrays)
  return path


def _files():
  files = []
  for image in IMAGES:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, 'PNG')
    files.append(stream.getvalue())
  return {
      'encoded': np.frombuffer(b''.join(files), np.uint8),
      'offsets': np.cumsum([0] + [len(f) for f in files]),
  }


def test_arrays_come_back_as_they_were_written(tmp_path):
  path = _save(
      tmp_path / 'toy.npz',
      images=IMAGES,
      labels=LABELS,
      class_names=np.array(['cat', 'dog']),
      is_train=np.array([True, True, False, False]),
      another_key=np.zeros(3),
  )
  data = npz.load(path)
  np.testing.assert_array_equal(data.images, IMAGES)
  np.testing.assert_array_equal(data.labels, LABELS)
  np.testing.assert_array_equal(data.is_train, [1, 1, 0, 0])
  assert data.class_names == ('cat', 'dog')
  assert data.name == 'toy'


@pytest.mark.parametrize('key', ['encoded', 'jpeg'])
def test_encoded_images_are_decoded_one_by_one(tmp_path, key):
  files = _files()
  files[key] = files.pop('encoded')
  data = npz.load(_save(tmp_path / 'a.npz', labels=LABELS, **files))
  for i in range(4):
    np.testing.assert_array_equal(data.images[i], IMAGES[i])


def test_names_and_parts_may_be_absent(tmp_path):
  labels = np.array([0, 2, 0, 2], np.uint8)
  path = _save(tmp_path / 'a.npz', images=IMAGES, labels=labels)
  data = npz.load(path, seed=3, name='mine')
  assert data.name == 'mine'
  assert data.class_names == ('0', '1', '2')
  np.testing.assert_array_equal(data.labels[data.is_train], [0, 2])
  again = npz.load(path, seed=3)
  np.testing.assert_array_equal(again.is_train, data.is_train)
  assert npz.load(path, test_fraction=0.0).is_train.all()


def test_names_may_be_bytes(tmp_path):
  names = np.array(['cat', 'dög'.encode()], 'S')
  path = _save(
      tmp_path / 'a.npz', images=IMAGES, labels=LABELS, class_names=names
  )
  assert npz.load(path).class_names == ('cat', 'dög')


def test_a_pickle_is_never_loaded(tmp_path):
  class Trap:

    def __reduce__(self):
      return warnings.warn, ('the pickle ran',)

  names = np.array([Trap(), 'dog'], object)
  path = _save(
      tmp_path / 'a.npz', images=IMAGES, labels=LABELS, class_names=names
  )
  with pytest.raises(
      ValueError, match=r'a\.npz: the key class_names holds pickled .*dtype=str'
  ):
    npz.load(path)


def test_a_missing_file_and_another_kind_of_file_are_named(tmp_path):
  with pytest.raises(FileNotFoundError, match=r'no\.npz does not exist'):
    npz.load(tmp_path / 'no.npz')
  path = tmp_path / 'text.npz'
  path.write_text('labels')
  with pytest.raises(ValueError, match=r'text\.npz is not a \.npz file'):
    npz.load(path)
  np.save(tmp_path / 'one.npy', LABELS)
  with pytest.raises(ValueError, match=r'one\.npy is not a \.npz file'):
    npz.load(tmp_path / 'one.npy')


def test_a_truncated_file_is_named(tmp_path):
  path = _save(tmp_path / 'a.npz', images=IMAGES, labels=LABELS)
  path.write_bytes(path.read_bytes()[:200])
  with pytest.raises(ValueError, match=r'a\.npz is not .* or is truncated'):
    npz.load(path)


def test_a_damaged_array_is_named(tmp_path):
  path = _save(tmp_path / 'a.npz', images=IMAGES, labels=LABELS)
  content = bytearray(path.read_bytes())
  content[content.index(IMAGES.tobytes()) + 10] ^= 0xFF
  path.write_bytes(content)
  with pytest.raises(ValueError, match=r'a\.npz: the key images is damaged'):
    npz.load(path)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'labels': None}, 'has no key labels; it has the keys images; see'),
        ({'images': None}, 'exactly one of the keys images, encoded, jpeg'),
        ({'jpeg': np.zeros(1, np.uint8)}, 'exactly one of the keys images'),
        ({'images': None, 'jpeg': IMAGES[0]}, 'has jpeg but no key offsets'),
        ({'images': IMAGES / 255.0}, r'images must be uint8.*got float64'),
        ({'images': IMAGES[..., 0]}, r'images must be.*shape \(4, 2, 3\)'),
        ({'images': IMAGES[:3]}, '3 images but 4 labels'),
        ({'labels': LABELS / 1.0}, r'labels must be \[M\] integers.*float64'),
        ({'labels': LABELS[:, None]}, r'labels must be .*shape \(4, 1\)'),
        ({'labels': -LABELS}, 'image 1 has label -1'),
        ({'class_names': np.array(['cat'])}, r'image 1 has label 1.*0 \.\. 0'),
        ({'class_names': np.arange(2)}, r'class_names must be \[C\] strings'),
        ({'class_names': np.array(['a', 'a'])}, "two classes are called 'a'"),
        ({'is_train': LABELS}, 'is_train must be'),
        ({'is_train': np.ones(3, bool)}, 'is_train must be'),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, changes, message):
  arrays = {'images': IMAGES, 'labels': LABELS, **changes}
  arrays = {k: v for k, v in arrays.items() if v is not None}
  path = _save(tmp_path / 'a.npz', **arrays)
  with pytest.raises(ValueError, match=rf'a\.npz.*{message}'):
    npz.load(path)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'encoded': np.zeros((2, 2), np.uint8)}, r'encoded must be uint8'),
        (
            {'offsets': np.array([0, 1.5])},
            r'offsets must be \[M \+ 1\] integer',
        ),
        ({'offsets': np.array([], int)}, r'offsets must be .*shape \(0,\)'),
        ({'offsets': np.array([0, 5, 3, 6, 7])}, 'offsets must ascend'),
        ({'offsets': np.array([-1, 5, 6, 7, 8])}, 'they run from -1 to 8'),
        ({'offsets': np.array([0, 1, 2, 3, 9**9])}, 'offsets must ascend'),
        ({'offsets': np.array([0, 1, 2])}, '2 images but 4 labels'),
    ],
)
def test_a_pack_that_does_not_fit_is_refused(tmp_path, changes, message):
  arrays = {'labels': LABELS, **_files(), **changes}
  path = _save(tmp_path / 'a.npz', **arrays)
  with pytest.raises(ValueError, match=rf'a\.npz.*{message}'):
    npz.load(path)
