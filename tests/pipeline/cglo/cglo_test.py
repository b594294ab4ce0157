"""Training of cGLO: what it is given, and what an interruption changes."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import training
from lsl_jax.pipeline.cglo import cglo, cglo_codes
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import samples

CLASSES, SHOTS, WHOLE, STEPS = 4, 4, 8, 4


class Stopped(Exception):  # noqa: N818 (nothing is wrong)
  """Ends a run as if its process had died."""


def make_problem(side):
  """Four classes of six images of noise, the last of each for testing."""
  labels = np.repeat(np.arange(CLASSES), 6).astype(np.int32)
  shape = (len(labels), side, side, 3)
  return problem_lib.Problem(
      name='noise',
      images=np.random.default_rng(0).integers(0, 256, shape, np.uint8),
      labels=labels,
      num_base=0,
      num_novel=CLASSES,
      class_names=tuple('abcd'),
      is_train=np.arange(len(labels)) % 6 < 5,
      classes=tuple(range(CLASSES)),
      original=labels,
      original_names=tuple('abcd'),
      in_memory=True,
  )


@pytest.fixture(scope='module')
def config(get_config):
  """Its program is that of other tests, which compile it for this one, too."""
  config = get_config('cglo_glyphs:smoke')
  assert config.small_sample.shots == SHOTS
  assert config.small_sample.whole == WHOLE
  config.cglo.checkpoint_every_epochs = 0.5
  return config


@pytest.fixture(scope='module')
def train(config):
  """`train(folder, stop)`: what was trained, and rows by step."""
  problem = make_problem(config.data.size)
  sample = samples.draw(config, problem, 0)
  loop = training.fit

  def run(folder, stop=None):
    rows = {}

    def fit(executor, state, batches, *, num_steps, **settings):
      assert num_steps == STEPS

      def watched(start):
        for step, batch in enumerate(batches(start), start):
          if step == stop:
            raise Stopped
          rows[step] = batch
          yield batch

      return loop(executor, state, watched, num_steps=num_steps, **settings)

    with pytest.MonkeyPatch.context() as patch:
      patch.setattr(training, 'fit', fit)
      return cglo.train(config, problem, sample, 3, str(folder)), rows

  return run


@pytest.fixture(scope='module')
def whole(train, tmp_path_factory):
  """What a run trained that nothing interrupted, its rows, its folder."""
  folder = tmp_path_factory.mktemp('whole')
  return *train(folder), folder


def test_an_epoch_visits_each_labelled_image_whole_over_shots_times(
    whole, config
):
  _, rows, _ = whole
  assert sorted(rows) == [*range(STEPS)]  # one epoch
  parts = config.cglo.parts
  images = np.stack([*rows.values()]) * parts + np.arange(parts)[:, None]
  visits = np.bincount(images.ravel())
  assert visits.tolist() == [WHOLE // SHOTS] * CLASSES * SHOTS


def test_training_killed_between_two_checkpoints_ends_in_the_same_codes(
    whole, train, tmp_path
):
  expected, rows, folder = whole
  with pytest.raises(Stopped):
    train(tmp_path, stop=3)
  found, again = train(tmp_path)
  # From the checkpoint on: neither from the beginning, nor from where it died.
  assert sorted(again) == [2, 3]
  for step, batch in again.items():
    np.testing.assert_array_equal(batch, rows[step])
  np.testing.assert_array_equal(found.codes, expected.codes)
  paths, _ = jax.tree_util.tree_flatten_with_path(expected.variables)
  assert len(paths) > 4
  jax.tree.map(
      np.testing.assert_array_equal, found.variables, expected.variables
  )
  assert _losses(tmp_path) == _losses(folder)


def _losses(folder):
  lines = (folder / 'metrics.jsonl').read_text().splitlines()
  records = [json.loads(line) for line in lines]
  assert [record['step'] for record in records] == [1, 2, 3, 4]
  return [record['loss'] for record in records]


def test_a_generator_larger_than_the_classifiers_crop_is_given_whole_images(
    get_config, tmp_path, monkeypatch
):
  config = get_config('cglo_cub:smoke')
  config.data.resize, config.data.size, config.cglo.size = 20, 16, 20
  config.small_sample.unlabelled = 2
  problem = make_problem(config.data.resize)
  sample = samples.draw(config, problem, 0)

  def initial(config, key, images, labels, num_classes):
    of_sample = np.concatenate([sample.labelled, sample.unlabelled])
    np.testing.assert_array_equal(images, problem.images[of_sample])
    own = problem.labels[sample.labelled]
    np.testing.assert_array_equal(labels, [*own, -1, -1])
    raise Stopped

  monkeypatch.setattr(cglo_codes, 'initial', initial)
  with pytest.raises(Stopped):
    cglo.train(config, problem, sample, 0, str(tmp_path))

  generation = cglo.make_generation(config, CLASSES)
  codes, key = jnp.zeros((2, 8)), jax.random.key(0)
  made = jax.eval_shape(
      lambda: generation.generate(generation.init(key, codes), codes, key)
  )
  assert made.shape == (2, 20, 20, 3)
