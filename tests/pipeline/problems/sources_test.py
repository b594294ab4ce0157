"""Own images, from a folder or an .npz file, in memory or streamed."""

import io
import json

import numpy as np
from PIL import Image
import pytest

from lsl_jax.data.reading import encoded
from lsl_jax.pipeline import run
from lsl_jax.pipeline.problems import sources

CLASSES = tuple(f'kind {letter}' for letter in 'abcdefgh')
TRAIN, TEST = 4, 3
SPLIT = {
    'base': list(CLASSES[:4]),
    'validation': list(CLASSES[4:6]),
    'novel': list(CLASSES[6:]),
}


def _png(label, number):
  """One image of a class: a coloured patch on noise, of a size of its own."""
  rng = np.random.default_rng((label, number))
  height, width = rng.integers(24, 40, 2)
  image = rng.integers(0, 80, (height, width, 3))
  image[5 : 12 + label, 5:18] += [20 * label, 150 - 20 * label, 60]
  file = io.BytesIO()
  Image.fromarray(image.astype(np.uint8)).save(file, 'png')
  return file.getvalue()


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """A folder `train/<class>/<image>` and `test/<class>/<image>`."""
  path = tmp_path_factory.mktemp('images')
  for label, name in enumerate(CLASSES):
    for number in range(TRAIN + TEST):
      part = 'train' if number < TRAIN else 'test'
      (path / part / name).mkdir(parents=True, exist_ok=True)
      file = path / part / name / f'{number}.png'
      file.write_bytes(_png(label, number))
  return path


@pytest.fixture(scope='module')
def pack(tmp_path_factory):
  """The same images in one .npz file of encoded images, in the same order."""
  images, labels, is_train = [], [], []
  for numbers, train in (
      (range(TRAIN), True),
      (range(TRAIN, TRAIN + TEST), False),
  ):
    for label in range(len(CLASSES)):
      images += [_png(label, number) for number in numbers]
      labels += [label] * len(numbers)
      is_train += [train] * len(numbers)
  path = tmp_path_factory.mktemp('pack') / 'pack.npz'
  np.savez(
      path,
      encoded=np.frombuffer(b''.join(images), np.uint8),
      offsets=np.cumsum([0, *map(len, images)]),
      labels=np.array(labels),
      class_names=np.array(CLASSES),
      is_train=np.array(is_train),
  )
  return path


@pytest.fixture
def make(get_config):
  """`make(name, path, split)`: a small config about these images."""

  def config(name, path, split):
    config = get_config('imprint_glyphs:smoke')
    config.data.name = name
    config.data.path = str(path)
    with config.data.ignore_type():
      config.data.split = split
    config.data.max_classes = 0
    config.data.augment.crop = 'none'
    config.data.augment.padding = 0
    config.learners = ('imprint',)
    config.train.epochs = 4.0
    config.train.validate_every_epochs = 0.0
    return config

  return config


def test_a_folder_in_memory_and_a_streamed_pack_end_alike(
    make, folder, pack, tmp_path, stored_features
):
  split = tmp_path / 'split.json'
  split.write_text(json.dumps(SPLIT))
  kept = make('folder', folder, str(split))
  # Counts, in order of the classes, give the same split.
  streamed = make('npz', pack, {'base': 4, 'validation': 2, 'novel': 2})
  streamed.data.memory_gb = 0.0
  results = {}
  for name, config in (('kept', kept), ('streamed', streamed)):
    results[name] = run.run(config, str(tmp_path / name))
    assert len(results[name]) == 2 * 2 * 4
  written = [
      json.loads((tmp_path / name / 'split.json').read_text())
      for name in results
  ]
  for part in SPLIT:
    assert written[0][part] == written[1][part]
  # No random crop: streamed images are those in memory, and so is training.
  features, there = stored_features(tmp_path / 'streamed')
  assert there.sum() > 10
  np.testing.assert_allclose(
      features, stored_features(tmp_path / 'kept')[0], rtol=0, atol=1e-5
  )
  assert results['kept'] == results['streamed']


def test_arrays_above_the_limit_stream_too(get_config, tmp_path):
  config = get_config('imprint_glyphs:smoke')
  config.data.memory_gb = 0.0
  config.data.resize = 36
  problem, validation = sources.load(config, str(tmp_path))
  assert not problem.in_memory
  assert not validation.in_memory
  config.data.memory_gb = 1.0
  problem, _ = sources.load(config, str(tmp_path))
  assert problem.in_memory
  assert problem.images.shape[1:] == (36, 36, 3)


def test_base_classes_come_first_and_unused_ones_take_no_part(
    make, folder, tmp_path
):
  split = {'base': [5, 2], 'novel': [7]}
  problem, validation = sources.load(
      make('folder', folder, split), str(tmp_path)
  )
  assert validation is None
  assert problem.class_names == (CLASSES[5], CLASSES[2], CLASSES[7])
  assert np.bincount(problem.labels + 1).tolist() == [35, 7, 7, 7]
  assert len(problem.indices(base=True, train=True)) == 2 * TRAIN
  assert len(problem.indices(base=False, train=False)) == TEST


def test_validation_classes_can_be_reported_in_place_of_novel_ones(
    make, folder, tmp_path
):
  config = make('folder', folder, SPLIT)
  config.evaluation.classes = 'validation'
  problem, validation = sources.load(config, str(tmp_path))
  assert problem.class_names == CLASSES[:6]
  assert validation is None
  with config.data.ignore_type():
    config.data.split = {'base': 4, 'novel': 4}
  with pytest.raises(ValueError, match='no validation classes'):
    sources.load(config, str(tmp_path / 'other'))


def test_a_class_with_too_few_images_is_named_or_left_out(
    make, folder, tmp_path
):
  config = make('folder', folder, SPLIT)
  config.evaluation.shots = (1, TRAIN)
  sources.load(config, str(tmp_path / 'a'))
  config.evaluation.shots = (1, TRAIN + 1)
  with pytest.raises(ValueError, match=r"'kind e' has 4 training images.* 5"):
    sources.load(config, str(tmp_path / 'b'))
  config.evaluation.shots = (1, TRAIN)
  lost = folder / 'train' / CLASSES[6] / '0.png'
  content = lost.read_bytes()
  lost.unlink()
  try:
    with pytest.raises(ValueError, match="novel class 'kind g'"):
      sources.load(config, str(tmp_path / 'c'))
    config.data.small_class = 'skip'
    with pytest.warns(UserWarning, match="left out 1 .* 'kind g'"):
      problem, _ = sources.load(config, str(tmp_path / 'd'))
    assert problem.class_names == (*CLASSES[:4], 'kind h')
  finally:
    lost.write_bytes(content)


def test_an_unreadable_image_is_named_or_left_out(make, folder, tmp_path):
  config = make('folder', folder, SPLIT)
  spoilt = folder / 'test' / CLASSES[0] / '5.png'
  content = spoilt.read_bytes()
  spoilt.write_bytes(content[: len(content) // 2])
  try:
    with pytest.raises(encoded.ImageError, match=r'kind a/5\.png'):
      sources.load(config, str(tmp_path / 'a'))
    config.data.bad = 'skip'
    with pytest.warns(UserWarning, match=r'kind a/5\.png'):
      problem, _ = sources.load(config, str(tmp_path / 'b'))
    assert len(problem.indices(base=True, train=False)) == 4 * TEST - 1
  finally:
    spoilt.write_bytes(content)


def test_other_data_than_the_written_split_tells_of_are_refused(
    make, folder, tmp_path
):
  sources.load(make('folder', folder, SPLIT), str(tmp_path))
  other = SPLIT | {'base': SPLIT['base'][::-1]}
  with pytest.raises(ValueError, match=r'split.json was written .* base'):
    sources.load(make('folder', folder, other), str(tmp_path))
