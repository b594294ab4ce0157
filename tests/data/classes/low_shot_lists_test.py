"""Class lists in the forms in which the authors keep them."""

import json

import pytest

from lsl_jax.data.classes import low_shot_lists, splits

NAMES = ('n01', 'n02', 'n03', 'n04', 'n05', 'n06')
BY_INDEX = {
    'base_classes_1': [5],
    'base_classes_2': [0, 2],
    'novel_classes_1': [1],
    'novel_classes_2': [4, 3],
    'base_classes': [0, 2, 5],
}
BY_NAME = {half: [NAMES[i] for i in found] for half, found in BY_INDEX.items()}
FROM_ONE = {half: [i + 1 for i in found] for half, found in BY_INDEX.items()}
SHUFFLED = ['n04', 'n01', 'n06', 'n02', 'n05', 'n03']


@pytest.fixture
def write(tmp_path):
  """Writes fields into a file of lists."""

  def write(fields):
    path = tmp_path / 'lists.json'
    path.write_text(json.dumps(fields))
    return path

  return write


@pytest.mark.parametrize(
    'fields',
    [
        BY_INDEX,
        BY_NAME,
        {'note': 'both', 'idx': BY_INDEX, 'wnid': BY_NAME},
        # Names that the data set does not have: indices are taken.
        {'wnid': {k: ['other'] for k in BY_NAME}, 'idx': BY_INDEX},
        # Names are names, whatever the indices would count.
        {**BY_NAME, 'label_names': SHUFFLED},
    ],
)
def test_lists_become_a_split_whose_first_half_comes_first(write, fields):
  assert splits.class_split(write(fields), NAMES) == splits.ClassSplit(
      (5, 0, 2), (1,), (4, 3)
  )


@pytest.mark.parametrize(
    'fields',
    [
        {**BY_INDEX, 'label_names': SHUFFLED},
        {**FROM_ONE, 'label_names': SHUFFLED},
        {'lists': {**FROM_ONE, 'label_names': SHUFFLED}},
    ],
)
def test_indices_are_positions_in_label_names_and_classes_go_by_name(
    write, fields
):
  found = splits.class_split(write(fields), NAMES)
  # n03; n04 and n06; n01; n05 and n02.
  assert found == splits.ClassSplit((2, 3, 5), (0,), (4, 1))


def test_the_order_of_draws_is_that_of_label_names_or_the_data_sets_own(write):
  path = write({**FROM_ONE, 'label_names': SHUFFLED})
  assert splits.draw_order(path, NAMES) == (3, 0, 5, 1, 4, 2)
  assert splits.draw_order(write(BY_INDEX), NAMES) == (0, 1, 2, 3, 4, 5)
  assert splits.draw_order({'base': 2, 'novel': 1}, NAMES[:3]) == (0, 1, 2)
  assert splits.draw_order('', NAMES[:2]) == (0, 1)


def test_classes_that_the_data_set_calls_otherwise_are_named_with_the_file(
    write,
):
  path = write({**BY_INDEX, 'label_names': SHUFFLED})
  for names, message in (
      (range(6), r'lacks 6 \(n03, n04, n06, n01, n05, \.\.\.\)'),
      (NAMES[:5], r'lacks 1 \(n06\)'),
  ):
    with pytest.raises(ValueError, match=rf'lists.json .*{message}.*by wnid'):
      splits.class_split(path, [str(name) for name in names])
  # Draws count the images of all classes, those of no list too.
  path = write({**BY_INDEX, 'label_names': [*SHUFFLED, 'n99']})
  with pytest.raises(
      ValueError, match=r'lists.json .*lacks 1 \(n99\).*: n01, n0'
  ):
    splits.draw_order(path, NAMES)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        # Without the first and the last class both readings are possible.
        (
            {'base_classes_1': [4], 'base_classes_2': [2]},
            r'within 1\.\.5.* from 0 or from 1; list names',
        ),
        ({'base_classes_1': [6]}, r'are 0\.\.6, accepted are 0\.\.5 or 1\.\.6'),
        ({'base_classes_1': [-1]}, r'are -1\.\.4, accepted'),
        ({'base_classes_1': [1.5]}, 'neither a class name nor an index'),
        ({'novel_classes_1': 3}, 'novel_classes_1 must be a list, got 3'),
        ({'label_names': ['n01', 'n01']}, 'class names, all different'),
        ({'label_names': {'n01': 0}}, 'class names, all different'),
    ],
)
def test_lists_that_can_be_read_in_two_ways_or_none_are_refused(
    write, changes, message
):
  path = write({**BY_INDEX, 'label_names': SHUFFLED, **changes})
  with pytest.raises(ValueError, match=f'lists.json.*{message}'):
    splits.class_split(path, NAMES)


def test_lists_without_an_index_need_no_start():
  found = low_shot_lists.as_split(
      {**{half: [] for half in BY_NAME}, 'label_names': SHUFFLED},
      NAMES,
      where='x',
  )
  assert found == {'base': [], 'validation': [], 'novel': []}
