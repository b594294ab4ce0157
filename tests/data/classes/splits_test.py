import json

import ml_collections
import numpy as np
import pytest

from lsl_jax.data.classes import splits

NAMES = ('ant', 'bee', 'cat', 'dog', 'emu', 'fox')
SHIPPED = {
    'cub': (100, 0, 100),
    'cub_chen': (100, 50, 50),
    'fc100': (60, 20, 20),
    'cifar_fs': (64, 16, 20),
    'miniimagenet': (64, 16, 20),
}


def _names_in(file):
  fields = json.loads(file.read_text())
  if isinstance(fields['base'], int) or 'modulus' in fields:
    return [f'{i:03}' for i in range(200)]
  return sorted(fields['base'] + fields['validation'] + fields['novel'])


def test_exactly_the_documented_lists_are_shipped():
  assert splits.shipped() == tuple(sorted(SHIPPED))


@pytest.mark.parametrize('name', SHIPPED)
def test_a_shipped_list_has_the_published_numbers_of_classes(name):
  file = splits.resources.files('lsl_jax.data').joinpath(
      'splits', f'{name}.json'
  )
  split = splits.class_split(name, _names_in(file))
  assert tuple(map(len, split)) == SHIPPED[name]
  assert len({i for part in split for i in part}) == sum(SHIPPED[name])


def test_cub_is_divided_by_number():
  names = [f'{i:03}' for i in range(200)]
  split = splits.class_split('cub', names)
  assert split.base == tuple(range(100))
  assert split.novel == tuple(range(100, 200))
  chen = splits.class_split('cub_chen', names[:50])
  assert tuple(map(len, chen)) == (25, 13, 12)
  assert (chen.base[:2], chen.validation[:2], chen.novel[:2]) == (
      (0, 2),
      (1, 5),
      (3, 7),
  )


def test_a_list_for_200_classes_refuses_50():
  with pytest.raises(ValueError, match=r"'cub' is for 200 classes.* has 50"):
    splits.class_split('cub', [str(i) for i in range(50)])


def test_miniimagenet_is_found_among_other_classes_and_by_readable_names():
  fields = json.loads(
      splits.resources.files('lsl_jax.data')
      .joinpath('splits', 'miniimagenet.json')
      .read_text()
  )
  wnids = [
      *fields['novel'],
      'n00000001',
      *fields['base'],
      *fields['validation'],
  ]
  split = splits.class_split('miniimagenet', wnids)
  assert split.novel == tuple(range(20))
  assert split.base[0] == 21
  readable = [fields['aliases'].get(w, 'other') for w in wnids]
  assert len(set(readable)) == 101
  assert splits.class_split('miniimagenet', readable) == split


def test_names_indices_and_patterns_may_be_mixed():
  split = splits.class_split(
      {'base': ['dog', 0], 'validation': ['?ox', 'e*'], 'novel': [np.int64(1)]},
      NAMES,
  )
  assert split == splits.ClassSplit((3, 0), (5, 4), (1,))


def test_the_order_of_a_list_is_kept():
  split = splits.class_split({'base': ['fox', 'ant'], 'novel': [3, 2]}, NAMES)
  assert split == splits.ClassSplit((5, 0), (), (3, 2))


def test_a_class_whose_name_has_wildcards_is_found_by_it():
  split = splits.class_split({'base': ['a*'], 'novel': ['ab']}, ('a*', 'ab'))
  assert split == splits.ClassSplit((0,), (), (1,))


def test_counts_take_classes_in_order_or_shuffled_by_a_seed():
  spec = {'base': 3, 'validation': 1, 'novel': 2}
  assert splits.class_split(spec, NAMES) == ((0, 1, 2), (3,), (4, 5))
  names = [str(i) for i in range(50)]
  spec = {'base': 20, 'novel': 10, 'seed': 0}
  split = splits.class_split(spec, names)
  assert tuple(map(len, split)) == (20, 0, 10)
  assert not set(split.base) & set(split.novel)
  assert split == splits.class_split(spec, names)
  assert split != splits.class_split({**spec, 'seed': 1}, names)


def test_residues_work_for_any_number_of_classes():
  spec = {'modulus': 3, 'base': [0], 'novel': [2]}
  assert splits.class_split(spec, NAMES) == ((0, 3), (), (2, 5))


def test_a_file_and_a_config_dict_say_the_same_as_a_mapping(tmp_path):
  spec = {'base': ['ant', 'bee'], 'novel': ['cat']}
  path = tmp_path / 'mine.json'
  path.write_text(json.dumps(spec))
  expected = splits.ClassSplit((0, 1), (), (2,))
  assert splits.class_split(path, NAMES) == expected
  assert splits.class_split(str(path), NAMES) == expected
  config = ml_collections.ConfigDict(spec)
  assert splits.class_split(config, NAMES) == expected


@pytest.mark.parametrize(
    ('spec', 'message'),
    [
        ('cubs', "unknown class split 'cubs'; did you mean 'cub'.*fc100"),
        (
            {'base': ['ant', 'dgo']},
            "base: .*no class 'dgo'; did you mean 'dog'",
        ),
        ({'novel': ['x*']}, r"novel: the data set has no class 'x\*'"),
        ({'base': [6]}, r'base: the class index 6 is not in 0\.\.5'),
        ({'base': [-1]}, r'index -1 is not in 0\.\.5'),
        ({'base': [1.5]}, '1.5 is neither a class name nor an index'),
        ({'base': [True]}, 'True is neither a class name nor an index'),
        ({'base': 'ant'}, "base: a list .* is needed; got 'ant'"),
        (
            {'base': ['ant'], 'novel': [0]},
            r"'ant' \(index 0\) is in base and ag",
        ),
        (
            {'base': ['bee', 1]},
            r"'bee' \(index 1\) is in base and again in base",
        ),
        (
            {'base': [], 'novel': []},
            'names no class; give at least one of base',
        ),
        (
            {'base': 4, 'novel': 3},
            r'4 \+ 0 \+ 3 = 7 classes, the data set has 6',
        ),
        ({'base': 4, 'novel': [5]}, r'one part is a count.*got \[5\]'),
        ({'base': -1, 'novel': 2}, 'base: .*got -1'),
        ({'modulus': 2, 'base': [2]}, r'base: the residue 2 is not in 0\.\.1'),
        ({'modulus': 2, 'base': 3}, 'base: a list .* is needed; got 3'),
        ({'modulus': 0, 'base': [0]}, 'modulus must be .*got 0'),
        ({'train': ['ant']}, "unknown key 'train'; the valid ones are: base"),
        (7, 'not int: 7'),
    ],
)
def test_a_wrong_split_is_refused(spec, message):
  with pytest.raises((ValueError, TypeError), match=message):
    splits.class_split(spec, NAMES)


def test_a_wrong_file_is_named(tmp_path):
  path = tmp_path / 'mine.json'
  with pytest.raises(FileNotFoundError, match=r'mine\.json does not exist'):
    splits.class_split(path, NAMES)
  path.write_text('{"base": [')
  with pytest.raises(ValueError, match=r'mine\.json is not valid JSON'):
    splits.class_split(path, NAMES)
  path.write_text('[1, 2]')
  with pytest.raises(ValueError, match=r'mine\.json must hold an object.*list'):
    splits.class_split(path, NAMES)
  path.write_text('{"base": ["gnu"]}')
  with pytest.raises(ValueError, match=r"mine\.json, base: .*'gnu'.*emu, fox"):
    splits.class_split(path, NAMES)
