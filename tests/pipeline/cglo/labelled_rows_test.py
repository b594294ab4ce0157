"""Images with labels are visited often in an epoch of cGLO, others once."""

import itertools
import types

import numpy as np
import pytest

from lsl_jax.pipeline.cglo import cglo, cglo_training
from lsl_jax.pipeline.problems import samples


def _epochs(count, labelled, *, parts, each, repetitions, steps):
  """Images of some steps, part by part `[P, steps * b]`."""
  rows = cglo_training.Rows(
      count, parts, each, repetitions, 0, labelled=labelled
  )
  taken = np.stack([*itertools.islice(rows.batches(0), steps)])
  images = taken * parts + np.arange(parts)[:, None]
  return rows, images.swapaxes(0, 1).reshape(parts, -1)


def test_an_epoch_visits_labelled_images_often_and_the_others_once():
  rows, images = _epochs(24, 8, parts=4, each=2, repetitions=3, steps=10)
  assert rows.steps_per_epoch == (3 * 8 + 16) / 8 == 5
  for epoch in np.split(images, 2, axis=1):
    visits = np.bincount(epoch.ravel(), minlength=24)
    assert visits.tolist() == 8 * [3] + 16 * [1]


def test_parts_keep_to_images_of_their_own_also_where_they_are_uneven():
  # Of eleven labelled images the last part has two, the others three.
  count, labelled, repetitions = 16, 11, 5
  rows, images = _epochs(
      count, labelled, parts=4, each=4, repetitions=repetitions, steps=8
  )
  assert rows.steps_per_epoch == (5 * 11 + 5) / 16
  for part, own in enumerate(images):
    members = np.arange(part, count, 4)
    often = np.where(members < labelled, repetitions, 1)
    epoch = own[: often.sum()]
    assert len(epoch) == often.sum()
    visits = np.bincount(epoch, minlength=count)
    assert visits[members].tolist() == often.tolist()
    assert visits.sum() == often.sum()


def test_a_part_may_have_no_labelled_image():
  _, images = _epochs(12, 2, parts=4, each=3, repetitions=4, steps=1)
  assert sorted(images[3]) == [3, 7, 11]


def test_35000_unlabelled_images_are_one_pass_beside_a_whole_training_set():
  # 25 images of each of 100 classes, twenty times.
  rows = cglo_training.Rows(37_500, 8, 16, 20, 0, labelled=2500)
  assert rows.steps_per_epoch * 128 == 50_000 + 35_000


class _Asked(Exception):  # noqa: N818 (nothing is wrong)
  """Ends training where its rows are made."""


@pytest.mark.parametrize(('oversample', 'repetitions'), [(True, 2), (False, 1)])
def test_training_repeats_the_sample_alone(
    get_config, monkeypatch, tmp_path, oversample, repetitions
):
  config = get_config('cglo_glyphs:smoke')
  config.cglo.oversample = oversample
  problem = types.SimpleNamespace(
      num_classes=2,
      images=np.zeros((20, 16, 16, 3), np.uint8),
      labels=np.zeros(20, np.int32),
  )
  sample = samples.Sample(np.arange(8), np.arange(8, 20), np.arange(0))

  def ask(count, parts, each, repetitions, seed, *, labelled):
    raise _Asked(count, repetitions, labelled)

  monkeypatch.setattr(cglo_training, 'Rows', ask)
  with pytest.raises(_Asked) as asked:
    cglo.train(config, problem, sample, 0, str(tmp_path))
  assert asked.value.args == (20, repetitions, 8)
