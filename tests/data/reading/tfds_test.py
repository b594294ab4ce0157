import io
import pickle

import numpy as np
from PIL import Image
import pytest
import tensorflow_datasets

from lsl_jax.data.reading import encoded, tfds


def _file(shade, kind='PNG'):
  stream = io.BytesIO()
  Image.new('RGB', (8, 6), (shade, shade, shade)).save(stream, kind)
  stream.seek(0)
  return stream


def _cifar100(part, i):
  image = Image.new('RGB', (32, 32), (i, i, i))
  stream = io.BytesIO()
  image.save(stream, 'PNG')
  stream.seek(0)
  return {'id': f'{part}{i}', 'image': stream, 'label': i, 'coarse_label': 0}


def _birds(part, i):
  mask = io.BytesIO()
  Image.new('L', (8, 6)).save(mask, 'PNG')
  mask.seek(0)
  return {
      'image': _file(10 * i, 'JPEG'),
      'image/filename': f'{part}{i}.jpg',
      'label': i,
      'label_name': f'bird {i}',
      'bbox': tensorflow_datasets.features.BBox(0.0, 0.0, 1.0, 1.0),
      'segmentation_mask': mask,
  }


def _imagenet(part, i):
  return {
      'image': _file(10 * i, 'JPEG'),
      'file_name': f'{part}{i}.JPEG',
      'label': -1 if part == 'test' else i,
  }


def _prepare(name, folder, parts, example):
  """Writes a few rendered examples in the form of a set that TFDS knows."""
  known = tensorflow_datasets.builder_cls(name)
  with tensorflow_datasets.core.registered.skip_registration():

    class Tiny(known):

      def _split_generators(self, downloads):
        del downloads
        return {part: self._generate_examples(part) for part in parts}

      def _generate_examples(self, part):
        for i in range(parts[part]):
          yield i, example(part, i)

  Tiny.name = name
  builder = Tiny(data_dir=folder, file_format='array_record')
  builder.download_and_prepare()


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  path = tmp_path_factory.mktemp('tfds')
  parts = {'train': 3, 'test': 2}
  _prepare('cifar100', path, parts, _cifar100)
  _prepare('caltech_birds2011', path, parts, _birds)
  parts = {'train': 3, 'validation': 2, 'test': 1}
  _prepare('imagenet2012', path, parts, _imagenet)
  return path


def _numbers(data):
  """Of images whose shade is ten times their label, the labels."""
  return [round(float(image.mean()) / 10) for image in data.images]


def test_train_and_test_parts_become_one_data_set(folder):
  data = tfds.load('cifar100', path=folder)
  assert (data.name, data.num_classes, len(data)) == ('cifar100', 100, 5)
  np.testing.assert_array_equal(data.is_train, [1, 1, 1, 0, 0])
  np.testing.assert_array_equal(
      [image[3, 4, 0] for image in data.images], data.labels
  )
  assert data.images[0].shape == (32, 32, 3)


def test_birds_get_the_names_that_their_records_hold(folder):
  data = tfds.load('caltech_birds2011', path=folder)
  assert data.class_names[:4] == ('bird 0', 'bird 1', 'bird 2', '3')
  assert data.num_classes == 200
  assert _numbers(data) == data.labels.tolist()


def test_a_text_that_does_not_tell_classes_apart_is_no_name(folder, tmp_path):
  def example(part, i):
    return {**_birds(part, i), 'label_name': 'bird'}

  _prepare('caltech_birds2011', tmp_path, {'train': 2, 'test': 2}, example)
  data = tfds.load('caltech_birds2011', path=tmp_path)
  assert data.class_names[:3] == ('0', '1', '2')


def test_imagenet_is_tested_on_its_validation_part(folder):
  data = tfds.load('imagenet2012', path=folder)
  assert (~data.is_train).sum() == 2
  assert data.class_names[0] == 'n01440764'
  assert 'validation image 1' in data.images.describe(4)


def test_images_stay_encoded_and_can_be_sent_to_a_worker(folder):
  data = tfds.load('caltech_birds2011', path=folder)
  assert data.images.read(0)[:2] == b'\xff\xd8'
  copy = pickle.loads(pickle.dumps(data.images))
  np.testing.assert_array_equal(copy[4], data.images[4])


def test_labels_are_read_from_the_records_only_once(folder, monkeypatch):
  first = tfds.load('caltech_birds2011', path=folder)

  def refuse(*_):
    raise AssertionError('a record was read')

  source = type(first.images.sources[0])
  monkeypatch.setattr(source, '__getitem__', refuse)
  again = tfds.load('caltech_birds2011', path=folder)
  np.testing.assert_array_equal(again.labels, first.labels)
  assert again.class_names == first.class_names


def test_labels_of_another_length_are_read_again(folder):
  first = tfds.load('cifar100', path=folder)
  (file,) = folder.glob('cifar100/*/train.label.lsl_jax_labels.npz')
  np.savez(file, labels=np.zeros(9), named=np.zeros(0), names=np.zeros(0, 'U'))
  again = tfds.load('cifar100', path=folder)
  np.testing.assert_array_equal(again.labels, first.labels)


def test_other_parts_and_features_can_be_chosen(folder):
  data = tfds.load(
      'cifar100', path=folder, train='test', test='train', label='coarse_label'
  )
  np.testing.assert_array_equal(data.is_train, [1, 1, 0, 0, 0])
  assert data.num_classes == 20


def test_a_corrupt_image_is_named_by_its_part(tmp_path):
  def example(part, i):
    broken = io.BytesIO(_file(0).getvalue()[:40])
    whole = _cifar100(part, i)
    return {**whole, 'image': broken} if (part, i) == ('test', 1) else whole

  _prepare('cifar100', tmp_path, {'train': 1, 'test': 2}, example)
  data = tfds.load('cifar100', path=tmp_path)
  broken = [i for i in range(3) if len(data.images.read(i)) == 40]
  name = f'tfds:cifar100, test image {broken[0] - 1}: '
  with pytest.raises(encoded.ImageError, match=name):
    _ = data.images[broken[0]]


def test_a_set_that_is_not_prepared_says_what_to_run(tmp_path):
  with pytest.raises(FileNotFoundError) as caught:
    tfds.load('cifar100', path=tmp_path)
  message = str(caught.value)
  assert f'not prepared in {tmp_path}' in message
  assert "pip install 'lsl_jax[prepare]'" in message
  assert f'lsl_jax.data.prepare cifar100 --path={tmp_path}' in message


def test_imagenet_says_which_files_to_place_where(tmp_path):
  with pytest.raises(FileNotFoundError) as caught:
    tfds.load('imagenet2012', path=tmp_path)
  message = str(caught.value)
  assert 'ILSVRC2012_img_train.tar and ILSVRC2012_img_val.tar' in message
  assert str(tmp_path / 'downloads' / 'manual') in message


def test_another_set_with_manual_files_repeats_its_instructions(tmp_path):
  with pytest.raises(FileNotFoundError, match=r'by hand into .*downloads'):
    tfds.load('resisc45', path=tmp_path)


def test_a_wrong_name_part_or_feature_prints_the_valid_ones(folder):
  with pytest.raises(ValueError, match=r"'cifar1000'; did you mean 'cifar10"):
    tfds.load('cifar1000', path=folder)
  with pytest.raises(ValueError, match=r"no part 'val'.*: train, test"):
    tfds.load('cifar100', path=folder, test='val')
  with pytest.raises(ValueError, match=r"no feature 'picture'.*: .*image"):
    tfds.load('cifar100', path=folder, image='picture')
  with pytest.raises(ValueError, match=r'a label must be a .*ClassLabel'):
    tfds.load('cifar100', path=folder, label='id')


def test_another_file_format_says_to_prepare_again(folder, monkeypatch):
  def unsupported(*_, **__):
    raise NotImplementedError('No random access data source for tfrecord.')

  builder = tensorflow_datasets.core.DatasetBuilder
  monkeypatch.setattr(builder, 'as_data_source', unsupported)
  with pytest.raises(
      ValueError, match=r'not stored as array_record(.|\n)*prep'
  ):
    tfds.load('cifar100', path=folder)


def test_the_missing_extra_is_named(monkeypatch):
  monkeypatch.setitem(tfds.importlib.sys.modules, 'tensorflow_datasets', None)
  with pytest.raises(ImportError, match=r"pip install 'lsl_jax\[data\]'"):
    tfds.load('cifar100')
