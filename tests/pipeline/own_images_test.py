"""A folder of photos becomes numbers, a page and a recogniser of them."""

import json
import pathlib
import re

import numpy as np
from PIL import Image
import pytest

from lsl_jax import recogniser
from lsl_jax.pipeline import run
from lsl_jax.pipeline.studies import own_images_report, own_images_study
from lsl_jax.pipeline.variants import shrinking

WEIGHTS = pathlib.Path(__file__).parents[1] / 'models/resnet10_width1.pth'
COLOURS = {
    'blue & <b>big': (40, 50, 210),
    'green': (30, 180, 40),
    'red': (200, 30, 30),
}


def photograph(path, colour, seed, size=(60, 44)):
  rng = np.random.default_rng(seed)
  image = np.array(colour) + rng.normal(0, 60, (*size, 3))
  Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(path)


def photos(folder, counts):
  for (name, colour), count in zip(COLOURS.items(), counts, strict=True):
    (folder / name).mkdir(parents=True)
    for i in range(count):
      photograph(folder / name / f'{i}.png', colour, i)
  return folder


@pytest.fixture
def config(get_config):
  """Own images by a network of a few thousand weights."""
  config = get_config('own_images')
  config.data.normalisation = 'symmetric'
  config.data.resize = 36
  config.data.size = 32
  config.model.backbone = 'resnet10'
  config.model.options = {'width': 1}
  config.model.pretrained = str(WEIGHTS)
  config.learners = ('imprint', 'imprint_aug')
  config.views = 2
  config.evaluation.draws = 4
  config.own_images.mistakes = 5
  return config


def test_photos_become_numbers_a_page_and_a_recogniser(config, tmp_path):
  config.data.path = str(photos(tmp_path / 'photos', (4, 5, 8)))
  (tmp_path / 'photos/red/bad.png').write_bytes(b'no image')
  workdir = tmp_path / 'run'
  with pytest.warns(UserWarning, match='skipped 1 of 18 images'):
    rows = run.run(config, str(workdir))
  # The smallest class has two training images.
  assert {(row['learner'], row['shots']) for row in rows} == {
      (learner, shots) for learner in config.learners for shots in (1, 2)
  }
  assert all(row['trials'] == 4 for row in rows)
  metadata = json.loads((workdir / 'results.json').read_text())['metadata']
  # Half of each class, of which the unreadable one fell to the tests.
  assert metadata['queries'] == 2 + 2 + 3
  for share in metadata['all_training_images'].values():
    assert 0 <= share['low'] <= share['accuracy'] <= share['high'] <= 1

  text = (workdir / 'report.html').read_text()
  assert 'blue &amp; &lt;b&gt;big' in text
  assert '<b>' not in text
  assert not re.search(r'(src|href)="(?!data:)', text)
  for part in ('Imprinting', 'Imprinting + Aug', 'taken for', 'n=2'):
    assert part in text
  counts = [int(n) for n in re.findall(r'taken for [^"]*">(\d+)</td>', text)]
  assert sum(counts) == 7

  known = recogniser.read(workdir / own_images_study.RECOGNISER)
  assert known.class_names == tuple(COLOURS)
  assert known.counts.tolist() == [4, 5, 8]
  # The recogniser sees a file as the run did.
  embed = recogniser.Embedder(known.weights, known.preprocessing)
  images = [
      embed.crop(np.asarray(Image.open(tmp_path / 'photos/red' / name)))
      for name, label in zip(known.support_names, known.labels, strict=True)
      if label == 2
  ]
  np.testing.assert_allclose(
      embed(images), known.features[known.labels == 2], atol=1e-4
  )
  # And the same command again ends alike.
  with pytest.warns(UserWarning, match='skipped'):
    assert run.run(config, str(workdir)) == rows


def test_single_photos_cannot_be_tested_but_recognised(config, tmp_path):
  config.data.path = str(photos(tmp_path / 'photos', (1, 1, 1)))
  assert run.run(config, str(tmp_path / 'run')) == []
  known = recogniser.read(tmp_path / 'run' / own_images_study.RECOGNISER)
  assert known.counts.tolist() == [1, 1, 1]
  text = (tmp_path / 'run/report.html').read_text()
  assert 'Nothing could be tested' in text
  assert 'single image' in (tmp_path / 'run/results.md').read_text()


def test_with_many_classes_the_worst_pairs_are_listed(
    config, tmp_path, monkeypatch
):
  monkeypatch.setattr(own_images_report, '_MATRIX', 2)
  config.data.path = str(photos(tmp_path / 'photos', (2, 2, 6)))
  config.learners = ('nearest',)
  run.run(config, str(tmp_path / 'run'))
  assert '<th>test images</th>' in (tmp_path / 'run/report.html').read_text()


def test_any_learner_that_needs_no_base_classes_can_be_asked(config, tmp_path):
  config.data.path = str(photos(tmp_path / 'photos', (4, 4, 4)))
  config.learners = ('proto', 'logistic', 'logistic_aug', 'nearest_mean')
  rows = run.run(config, str(tmp_path / 'run'))
  means = {(row['learner'], row['shots']): row['mean'] for row in rows}
  assert {name for name, _ in means} == {*config.learners}
  # Three plain colours, by a network of random weights.
  assert np.mean(list(means.values())) > 0.4
  text = (tmp_path / 'run/report.html').read_text()
  assert 'Nearest class mean' in text


def test_other_classes_teach_how_images_of_one_class_differ(config, tmp_path):
  config.data.path = str(photos(tmp_path / 'photos', (4, 4, 4)))
  images = np.random.default_rng(0).integers(0, 256, (21, 36, 36, 3))
  np.savez(
      tmp_path / 'others.npz',
      images=images.astype(np.uint8),
      labels=np.arange(21) % 3,
  )
  config.own_images.base = str(tmp_path / 'others.npz')
  config.data.options = {'test_fraction': 0.5}  # which a pack does not have
  config.learners = ('matching_network', 'model_regression')
  own_images_study.check(config)
  config.learners = ('logistic_hallucinate',)
  shrinking.tiny(config)
  rows = run.run(config, str(tmp_path / 'run'))
  assert {row['learner'] for row in rows} == {*config.learners}
  # Three plain colours again.
  assert np.mean([row['mean'] for row in rows]) > 0.4
  # Centroids are of the other classes, which are in no label space.
  centroids = np.load(tmp_path / 'run/hallucination/centroids.npz')['centroids']
  assert centroids.shape[:2] == (3, config.hallucination.centroids)
  known = recogniser.read(tmp_path / 'run' / own_images_study.RECOGNISER)
  assert known.counts.tolist() == [4, 4, 4]


def test_one_other_class_has_no_analogies(config, tmp_path):
  config.data.path = str(photos(tmp_path / 'photos', (1, 1, 1)))
  (tmp_path / 'others/only').mkdir(parents=True)
  photograph(tmp_path / 'others/only/0.png', (9, 9, 9), 0)
  config.own_images.base = str(tmp_path / 'others')
  with pytest.raises(ValueError, match=r'own_images\.base: .* has 1 class'):
    run.run(config, str(tmp_path / 'run'))


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('learners', ('joint',), r"'joint' trains a network.*imprint"),
        ('learners', ('imprint_finetune',), 'trains a network'),
        ('learners', ('logistic_hallucinate',), 'set own_images.base to a'),
        ('own_images.base', 'nowhere', 'image folder nowhere does not exist'),
        ('model.pretrained', '', "must be 'efficientnet_lite0' or"),
        ('model.embedding', 16, 'model.embedding must be None'),
        ('own_images.keep', 1.0, 'own_images.keep must lie between'),
        ('data.path', 'nowhere', 'image folder nowhere does not exist'),
        ('model.pretrained', 'no.pth', r'no\.pth'),
    ],
)
def test_what_cannot_run_is_refused(config, tmp_path, key, value, message):
  config.data.path = str(photos(tmp_path / 'photos', (1, 1, 1)))
  config.update_from_flattened_dict({key: value})
  with pytest.raises((ValueError, FileNotFoundError), match=message):
    run.run(config, str(tmp_path / 'run'))


def test_a_full_disk_is_named_and_nothing_half_written_is_left(
    config, tmp_path, monkeypatch
):
  config.data.path = str(photos(tmp_path / 'photos', (1, 1, 1)))
  from lsl_jax.report import atomic

  real = atomic.os.replace

  def full(source, target):
    if str(target).endswith('report.html'):
      raise OSError(28, 'No space left on device')
    real(source, target)

  monkeypatch.setattr(atomic.os, 'replace', full)
  workdir = tmp_path / 'run'
  with pytest.raises(OSError, match=r'report\.html: No space left'):
    run.run(config, str(workdir))
  assert not (workdir / 'results.json').exists()
  assert not list(workdir.rglob('*.tmp'))
  monkeypatch.undo()
  run.run(config, str(workdir))
  assert (workdir / 'results.json').exists()
