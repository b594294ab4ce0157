import io
import subprocess
import sys

import numpy as np
from PIL import Image
import tensorflow_datasets

from lsl_jax.data import prepare
from lsl_jax.data.reading import tfds


class LslTinyShapes(tensorflow_datasets.core.GeneratorBasedBuilder):
  """A set that needs neither a download nor TensorFlow to prepare."""

  VERSION = tensorflow_datasets.core.Version('1.0.0')

  def _info(self):
    features = tensorflow_datasets.features
    return tensorflow_datasets.core.DatasetInfo(
        builder=self,
        features=features.FeaturesDict(
            {
                'image': features.Image(shape=(4, 4, 3)),
                'label': features.ClassLabel(names=['square', 'circle']),
            }
        ),
    )

  def _split_generators(self, downloads):
    del downloads
    return {part: self._examples() for part in ('train', 'test')}

  def _generate_examples(self):
    raise AssertionError('the parts have their own generators')

  def _examples(self):
    for i in range(2):
      image = np.full((4, 4, 3), i, np.uint8)
      stream = io.BytesIO()
      Image.fromarray(image).save(stream, 'PNG')
      stream.seek(0)
      yield i, {'image': stream, 'label': i}


def test_a_prepared_set_is_read_back(tmp_path, capsys):
  assert prepare.main(['lsl_tiny_shapes', f'--path={tmp_path}']) == 0
  printed = capsys.readouterr().out
  assert "Dataset('lsl_tiny_shapes', 4 images, 2 classes, 2 for" in printed
  assert list(tmp_path.glob('lsl_tiny_shapes/1.0.0/*.array_record*'))
  data = tfds.load('lsl_tiny_shapes', path=tmp_path)
  np.testing.assert_array_equal(
      [image[0, 0, 0] for image in data.images], data.labels
  )
  assert data.class_names == ('square', 'circle')


def test_preparing_again_changes_nothing(tmp_path):
  first = prepare.prepare('lsl_tiny_shapes', str(tmp_path))
  assert prepare.prepare('lsl_tiny_shapes', str(tmp_path)) == first


def test_a_set_that_needs_a_missing_package_says_what_to_install(
    tmp_path, monkeypatch, capsys
):
  def missing(*_, **__):
    raise ModuleNotFoundError("No module named 'tensorflow'")

  builder = tensorflow_datasets.core.DatasetBuilder
  monkeypatch.setattr(builder, 'download_and_prepare', missing)
  assert prepare.main(['lsl_tiny_shapes', f'--path={tmp_path}']) == 1
  printed = capsys.readouterr().err
  assert 'error: preparing lsl_tiny_shapes needs a package' in printed
  assert "pip install 'lsl_jax[prepare]'" in printed


def test_imagenet_asks_for_the_file_that_is_not_in_its_place(tmp_path, capsys):
  folder = tmp_path / 'downloads' / 'manual'
  folder.mkdir(parents=True)
  (folder / 'ILSVRC2012_img_train.tar').write_bytes(b'')
  assert prepare.main(['imagenet2012', f'--path={tmp_path}']) == 1
  printed = capsys.readouterr().err
  assert f'needs ILSVRC2012_img_val.tar in {folder}' in printed


def test_a_wrong_name_prints_the_nearest_one(tmp_path, capsys):
  assert prepare.main(['lsl_tiny_shape', f'--path={tmp_path}']) == 1
  assert "did you mean 'lsl_tiny_shapes'" in capsys.readouterr().err


def test_the_command_prints_its_use_without_a_warning():
  done = subprocess.run(
      [sys.executable, '-W', 'error', '-m', 'lsl_jax.data.prepare', '--help'],
      capture_output=True,
      text=True,
      check=False,
      timeout=60,
  )
  assert done.returncode == 0, done.stderr
  assert 'python -m lsl_jax.data.prepare' in done.stdout


def test_reading_imports_neither_tensorflow_nor_torch(tmp_path):
  # Stand-ins that stop the program show that nobody even tries.
  sets = tmp_path / 'sets'
  prepare.prepare('lsl_tiny_shapes', str(sets))
  for name in ('tensorflow', 'torch'):
    (tmp_path / f'{name}.py').write_text(f'raise SystemExit("{name}!")')
  program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from lsl_jax import data
shapes = data.load({{'name': 'tfds:lsl_tiny_shapes', 'path': {str(sets)!r}}})
assert shapes.images[3].shape == (4, 4, 3)
assert not {{'tensorflow', 'torch'}} & sys.modules.keys()
"""
  done = subprocess.run(
      [sys.executable, '-c', program],
      capture_output=True,
      text=True,
      check=False,
      timeout=60,
  )
  assert done.returncode == 0, done.stderr + done.stdout
