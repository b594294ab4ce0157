"""Features enter and leave as .npz and as the HDF5 of the authors."""

import sys

import h5py
import numpy as np
import pytest

from lsl_jax import data
from lsl_jax.data.reading import feature_files, feature_rows


@pytest.fixture
def arrays(rng):
  features = rng.normal(size=(6, 4)).astype(np.float32)
  return features, np.array([0, 0, 1, 1, 2, 2])


def test_an_npz_file_comes_back_as_it_was_written(tmp_path, arrays):
  features, labels = arrays
  is_train = np.arange(6) % 2 == 0
  feature_files.write(
      tmp_path / 'f.npz',
      features,
      labels,
      is_train=is_train,
      class_names=('ant', 'bee', 'cat'),
      classifier=features[:2],
  )
  found = feature_files.read(tmp_path / 'f.npz')
  np.testing.assert_array_equal(found.features, features)
  np.testing.assert_array_equal(found.labels, labels)
  np.testing.assert_array_equal(found.is_train, is_train)
  np.testing.assert_array_equal(found.classifier, features[:2])
  assert found.class_names == ('ant', 'bee', 'cat')
  assert [path.name for path in tmp_path.iterdir()] == ['f.npz']


def test_two_hdf5_files_are_training_and_test_and_may_be_longer_than_used(
    tmp_path, arrays
):
  features, labels = arrays
  with h5py.File(tmp_path / 'train.hdf5', 'w') as file:
    file['all_feats'] = np.concatenate([features, np.zeros((9, 4))])
    file['all_labels'] = np.concatenate([labels, np.zeros(9)]).astype(np.int32)
    file['count'] = np.array([6])
  feature_files.write(tmp_path / 'val.hdf5', features[:3] + 1, labels[:3])
  with h5py.File(tmp_path / 'val.hdf5') as file:
    assert set(file) == {'all_feats', 'all_labels', 'count'}
    assert int(file['count'][0]) == 3
  found = feature_files.read(tmp_path / 'train.hdf5', tmp_path / 'val.hdf5')
  np.testing.assert_allclose(
      found.features, np.concatenate([features, features[:3] + 1])
  )
  np.testing.assert_array_equal(found.labels, [*labels, *labels[:3]])
  np.testing.assert_array_equal(found.is_train, [True] * 6 + [False] * 3)


def test_features_are_a_data_set_whose_images_cannot_be_looked_at(
    tmp_path, arrays
):
  feature_files.write(tmp_path / 'own.npz', *arrays)
  dataset = data.load({'name': 'features', 'path': tmp_path / 'own.npz'})
  assert (dataset.name, dataset.class_names) == ('own', ('0', '1', '2'))
  # Without a division half of each class is for training.
  assert [dataset.is_train[2 * c : 2 * c + 2].sum() for c in range(3)] == [
      1
  ] * 3
  assert isinstance(dataset.images, feature_rows.FeatureRows)
  with pytest.raises(TypeError, match='features, not images'):
    dataset.images[0]


def test_features_without_names_take_those_of_a_file_of_lists(tmp_path, arrays):
  for part in ('train', 'val'):
    feature_files.write(tmp_path / f'{part}.hdf5', *arrays)
  (tmp_path / 'idx.json').write_text('{"label_names": ["n2", "n0", "n1"]}')
  spec = {'name': 'features', 'path': tmp_path / 'train.hdf5'}
  options = {'test': tmp_path / 'val.hdf5'}

  def load(file, **changes):
    own = {**options, 'class_names': tmp_path / file}
    return data.load({**spec, **changes, 'options': own})

  assert load('idx.json').class_names == ('n2', 'n0', 'n1')
  with pytest.raises(FileNotFoundError, match=r'none\.json does not exist'):
    load('none.json')
  for text, message in (
      ('{"label_names": ["a", "b"]}', 'has label 2'),
      ('{"label_names": ["a", "b", "b"]}', 'all different'),
      ('["a", "b", "c"]', 'an object with the key label_names'),
      ('{', 'not valid JSON'),
  ):
    (tmp_path / 'bad.json').write_text(text)
    with pytest.raises(ValueError, match=message):
      load('bad.json')
  feature_files.write(
      tmp_path / 'own.npz', *arrays, class_names=('ant', 'bee', 'cat')
  )
  with pytest.raises(ValueError, match='has class_names of its own'):
    load('idx.json', path=tmp_path / 'own.npz')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'features': None}, 'has no key features.*labels'),
        ({'labels': np.arange(5)}, 'labels must be 6 integers'),
        ({'labels': np.arange(6.0)}, 'labels must be 6 integers'),
        ({'features': np.zeros(6)}, r'features must be \[M, D\] floats'),
        ({'features': np.full((6, 2), np.nan)}, 'row 0 of features'),
        ({'is_train': np.ones(6)}, 'is_train must be 6 bool'),
        ({'classifier': np.ones((2, 3))}, r'classifier must be \[C, 4\]'),
        ({'class_names': np.array(['a'], object)}, 'pickled'),
    ],
)
def test_a_file_that_does_not_fit_together_is_refused_by_name(
    tmp_path, arrays, change, message
):
  fields = {'features': arrays[0], 'labels': arrays[1], **change}
  fields = {k: v for k, v in fields.items() if v is not None}
  np.savez(tmp_path / 'bad.npz', **fields)
  with pytest.raises(ValueError, match=f'bad.npz.*{message}'):
    feature_files.read(tmp_path / 'bad.npz')


def test_what_is_missing_is_told(tmp_path, arrays, monkeypatch):
  with pytest.raises(FileNotFoundError, match=r'none\.npz does not exist'):
    feature_files.read(tmp_path / 'none.npz')
  with pytest.raises(ValueError, match=r'data\.options\.test'):
    feature_files.read(tmp_path / 'train.hdf5')
  with pytest.raises(ValueError, match=r'end in \.npz'):
    feature_files.write(tmp_path / 'f.csv', *arrays)
  with pytest.raises(ValueError, match='files of their own'):
    feature_files.write(tmp_path / 'f.h5', *arrays, is_train=np.arange(6) > 2)
  (tmp_path / 'text.npz').write_text('not an archive')
  with pytest.raises(ValueError, match=r'not a \.npz file'):
    feature_files.read(tmp_path / 'text.npz')
  monkeypatch.setitem(sys.modules, 'h5py', None)
  with pytest.raises(ImportError, match=r"pip install 'lsl_jax\[hdf5\]'"):
    feature_files.write(tmp_path / 'f.hdf5', *arrays)


def test_a_damaged_hdf5_file_is_told(tmp_path, arrays):
  (tmp_path / 'a.hdf5').write_bytes(b'nothing of the kind')
  with h5py.File(tmp_path / 'b.hdf5', 'w') as file:
    file['all_feats'] = arrays[0]
  for name, message in (('a', 'not an HDF5 file'), ('b', 'no key all_labels')):
    with pytest.raises(ValueError, match=f'{name}.hdf5.*{message}'):
      feature_files.read(tmp_path / f'{name}.hdf5', tmp_path / f'{name}.hdf5')
