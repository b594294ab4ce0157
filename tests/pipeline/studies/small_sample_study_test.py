"""Runs of the small-sample study: whole, resumed, shared, and refused."""

import json
import shutil

import numpy as np
import pytest

from lsl_jax.pipeline import run
from lsl_jax.pipeline.cglo import cglo_sharing
from lsl_jax.pipeline.problems import samples
from lsl_jax.pipeline.variants import small_samples

SMALL = ('cglo_glyphs', 'cglo_cifar100', 'cglo_cub')


@pytest.fixture(scope='module')
def finished(get_config, tmp_path_factory):
  """Workdir, config and rows of a run of cGLO, not to be changed."""
  config = get_config('cglo_glyphs:smoke')
  workdir = tmp_path_factory.mktemp('cglo') / 'run'
  return workdir, config, run.run(config, str(workdir))


def test_a_run_leaves_accuracies_generators_curves_and_pictures(finished):
  workdir, _, rows = finished
  assert {(row['metric'], row['shots'], row['trials']) for row in rows} == {
      ('top1', 4, 2),
      ('top5', 4, 2),
  }
  results = json.loads((workdir / 'results.json').read_text())
  metadata = results['metadata']
  assert len(set(metadata['samples'])) == 2
  values = [accuracy['top1'] for accuracy in metadata['accuracies']]
  np.testing.assert_allclose(rows[0]['mean'], np.mean(values))
  error = np.std(values, ddof=1) / np.sqrt(2)
  np.testing.assert_allclose(rows[0]['half_width'] or 0, error, atol=1e-9)
  for seed in range(2):
    generator = workdir / f'seed{seed}' / 'cglo'
    assert any((generator / 'checkpoints').iterdir())
    assert 'perceptual' in (generator / 'metrics.jsonl').read_text()
    classifier = workdir / f'seed{seed}' / 'classifier'
    assert 'synthetic' in (classifier / 'metrics.jsonl').read_text()
    assert not (classifier / 'checkpoints').exists()
  for name in ('reconstructions', 'interpolations'):
    assert (workdir / 'figures' / f'{name}.png').exists()


def test_an_interrupted_run_goes_on_to_the_same_numbers(
    finished, tmp_path, steps_made
):
  workdir, config, rows = finished
  copy = tmp_path / 'run'
  shutil.copytree(workdir, copy)
  # As if killed in the classifier of the second seed.
  (copy / 'results.json').unlink()
  (copy / 'seed1' / 'outcome.json').unlink()
  before = (copy / 'seed1' / 'cglo' / 'metrics.jsonl').read_text()
  assert run.run(config, str(copy)) == rows
  # The generator was found, and not trained again.
  assert (copy / 'seed1' / 'cglo' / 'metrics.jsonl').read_text() == before


def test_another_row_takes_the_generators_over(finished, get_config, tmp_path):
  workdir, _, _ = finished
  config = get_config('cglo_glyphs:lerp,smoke')
  config.cglo.workdir = str(workdir)
  config.small_sample.seeds = 1
  rows = run.run(config, str(tmp_path / 'lerp'))
  assert rows[0]['method'] == 'lerp'
  for part in ('metrics.jsonl', 'checkpoints'):
    assert (tmp_path / 'lerp' / 'seed0' / 'cglo' / part).exists()
  same = (workdir / 'seed0' / 'cglo' / 'metrics.jsonl').read_text()
  assert (
      tmp_path / 'lerp' / 'seed0' / 'cglo' / 'metrics.jsonl'
  ).read_text() == same


def test_generators_of_another_cglo_are_refused(finished, get_config, tmp_path):
  workdir, config, _ = finished
  other = get_config('cglo_glyphs:no_noise,smoke')
  other.cglo.workdir = str(workdir)
  with pytest.raises(ValueError, match=r'cglo\.noise: "concatenate" there'):
    run.run(other, str(tmp_path / 'other'))
  assert not cglo_sharing.differences(config.to_dict(), config.to_dict())
  other.cglo.workdir = str(tmp_path)
  with pytest.raises(FileNotFoundError, match=r'no results\.json'):
    run.run(other, str(tmp_path / 'other'))


@pytest.mark.parametrize(
    'variants',
    [
        'baseline',
        'mixmatch,unlabelled_1000',
        'authors,transductive',
        'cosine_loss,latent_classifier,additive_noise,hypercube',
    ],
)
def test_comparisons_and_ablations_run_to_the_end(
    get_config, tmp_path, variants
):
  config = get_config(f'cglo_glyphs:{variants},smoke')
  config.small_sample.seeds = 1
  if 'cosine_loss' in variants:
    config.executor = 'pmap'
  rows = run.run(config, str(tmp_path))
  assert all(0 <= row['mean'] <= 1 for row in rows)
  assert rows[0]['half_width'] is None  # one seed says nothing about spread
  used = (tmp_path / 'seed0' / 'cglo').exists()
  assert used == (config.small_sample.method == 'cglo')


@pytest.mark.parametrize('name', SMALL)
def test_every_variant_of_cglo_applies_alone_and_small(get_config, name):
  for variant in small_samples.VARIANTS:
    get_config(f'{name}:{variant}')
    small = get_config(f'{name}:{variant},smoke')
    assert small.data.name == 'glyphs'
    assert not small.model.pretrained
    assert small.cglo.perceptual.name == 'pyramid'


def test_epochs_of_small_samples_are_as_long_as_those_of_large_ones(get_config):
  few, many = (get_config(f'cglo_cifar100:{n}') for n in (10, 100))
  assert samples.repetitions(few) * 10 == samples.repetitions(many) * 100


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'small_sample.method': 'cgol'}, 'unknown small_sample.method'),
        ({'small_sample.report': 'train'}, 'valid ones: held_out, test'),
        ({'small_sample.shots': 0}, 'at least 1, not 0'),
        ({'cglo.noise': 'much'}, 'unknown cglo.noise'),
        ({'cglo.generator.name': 'gan'}, 'valid ones: convolutional, dense'),
        ({'cglo.parts': 3}, 'number of devices, 8'),
        (
            {'cglo.perceptual.name': 'vgg16'},
            'set --config.cglo.perceptual.path',
        ),
        ({'cglo.initial': 'activations'}, 'cglo.activations.path'),
        ({'synthesis.interpolation': 'nlerp'}, 'valid ones: lerp, slerp'),
        (
            {'small_sample.method': 'plain', 'small_sample.unlabelled': 9},
            'labelled images alone',
        ),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_written(
    get_config, tmp_path, changes, message
):
  config = get_config('cglo_glyphs:smoke')
  for key, value in changes.items():
    config.update_from_flattened_dict({key: value})
  with pytest.raises(ValueError, match=message):
    run.run(config, str(tmp_path / 'run'))
  assert not (tmp_path / 'run').exists()
