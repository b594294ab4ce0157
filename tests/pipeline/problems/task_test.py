"""A problem seen through a protocol: which classes take part, which images."""

import json

import numpy as np
import pytest

from lsl_jax import data
from lsl_jax.data.classes import splits
from lsl_jax.pipeline.problems import problem
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.settings import defaults


@pytest.fixture
def halves():
  """Seven classes with six training and two test images each, shuffled."""
  labels = np.random.default_rng(0).permutation(np.repeat(np.arange(7), 8))
  is_train = np.ones(len(labels), bool)
  for c in range(7):
    is_train[np.flatnonzero(labels == c)[:2]] = False
  dataset = data.Dataset(
      'toy',
      np.zeros((len(labels), 2, 2, 3), np.uint8),
      labels,
      tuple('abcdefg'),
      is_train,
  )
  return problem.assemble(dataset, (5, 0, 3), (6, 1), in_memory=True)


@pytest.fixture
def config():
  config = defaults.defaults()
  config.evaluation.shots = (1, 3)
  config.evaluation.draws = 2
  return config


@pytest.mark.parametrize(
    ('classes', 'expected'), [('novel', [1, 2]), ('validation', [0])]
)
def test_a_half_of_the_base_classes_is_reported_and_the_other_tuned_on(
    halves, config, classes, expected
):
  config.evaluation.first_base = 1
  config.evaluation.classes = classes
  task = task_lib.make_task(config, halves)
  np.testing.assert_array_equal(task.base_classes, expected)
  names = [halves.class_names[c] for c in expected]
  assert task.class_names == (*names, 'g', 'b')
  # Labels are positions in the class names, whatever the original number.
  for indices, first in ((task.queries, 0), (task.base_train, 0)):
    assert len(indices)
    for index in indices:
      name = 'abcdefg'[halves.original[index]]
      assert task.class_names[task.labels[index] - first] == name
  assert set(task.labels[task.queries]) == set(range(len(expected) + 2))
  assert (task.labels[task.base_train] < len(expected)).all()


def test_all_base_classes_take_part_without_halves_and_none_in_transfer(
    halves, config
):
  assert task_lib.make_task(config, halves).num_base == 3
  config.evaluation.protocol = 'transfer'
  task = task_lib.make_task(config, halves)
  assert (task.num_base, len(task.base_train)) == (0, 0)
  assert task.class_names == ('g', 'b')


def test_halves_beyond_the_classes_are_refused(halves, config):
  config.evaluation.first_base = 3
  with pytest.raises(ValueError, match='below the number of base classes, 3'):
    task_lib.make_task(config, halves)


def test_draws_are_read_from_files_as_their_authors_write_them(
    halves, config, tmp_path
):
  train = np.flatnonzero(halves.is_train)
  order = train[np.argsort(halves.original[train], kind='stable')]
  paths = []
  for number in range(2):
    # Of each class, from the last image backwards or from the first on.
    rows = [[6 * c + k for k in range(6)][:: 1 - 2 * number] for c in range(7)]
    paths.append(str(tmp_path / f'{number}.json'))
    (tmp_path / f'{number}.json').write_text(json.dumps(rows))
  config.evaluation.draw_files = tuple(paths)
  task = task_lib.make_task(config, halves)
  assert task.draws.shape == (2, 2, 3)
  for number in range(2):
    for place, c in enumerate((6, 1)):  # classes g and b
      images = task.pool[task.draws[number, place]]
      rows = [6 * c + k for k in range(6)][:: 1 - 2 * number][:3]
      np.testing.assert_array_equal(images, order[rows])
  config.evaluation.draws = 3
  with pytest.raises(ValueError, match=r'names 2 draws.* ask for 3'):
    task_lib.make_task(config, halves)


@pytest.mark.parametrize('start', [0, 1])
def test_lists_and_draws_count_classes_in_an_order_of_their_own(
    config, tmp_path, start
):
  # Class c has 4 + c training images and a test image, in some order.
  labels = np.random.default_rng(1).permutation(
      np.repeat(np.arange(5), 5 + np.arange(5))
  )
  is_train = np.ones(len(labels), bool)
  is_train[[np.flatnonzero(labels == c)[2] for c in range(5)]] = False
  dataset = data.Dataset(
      'toy', np.zeros((35, 2, 2, 3), np.uint8), labels, tuple('abcde'), is_train
  )
  names = 'dbeac'
  lists = {
      'base_classes_1': 'e',
      'base_classes_2': 'd',
      'novel_classes_1': 'b',
      'novel_classes_2': 'ca',
  }
  config.data.split = str(tmp_path / 'label_idx.json')
  (tmp_path / 'label_idx.json').write_text(
      json.dumps(
          {
              'label_names': list(names),
              **{
                  k: [names.index(n) + start for n in v]
                  for k, v in lists.items()
              },
          }
      )
  )
  rows, images, position = [], {}, 0
  for name in names:
    images[name] = np.flatnonzero(is_train & (labels == 'abcde'.index(name)))
    rows.append([position + i for i in (3, 0, 2)])
    position += len(images[name])
  (tmp_path / 'draw.json').write_text(json.dumps(rows))
  config.evaluation.draw_files = (str(tmp_path / 'draw.json'),)
  config.evaluation.draws = 1
  split = splits.class_split(config.data.split, dataset.class_names)
  task = task_lib.make_task(
      config, problem.assemble(dataset, split.base, split.novel, in_memory=True)
  )
  assert task.class_names == ('e', 'd', 'c', 'a')
  for place, name in enumerate('ca'):
    found = task.pool[task.draws[0, place]]
    np.testing.assert_array_equal(found, images[name][[3, 0, 2]])
