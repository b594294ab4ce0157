"""Semantics of classes from every source."""

import json

import numpy as np
import pytest

from lsl_jax import data
from lsl_jax.data.words import class_words

NAMES = ['Maple_tree', 'oak-tree', 'sea lion']
VECTORS = {
    'maple': [1.0, 0.0],
    'oak': [0.0, 1.0],
    'tree': [1.0, 1.0],
    'lion': [3.0, 4.0],
}


@pytest.fixture
def spec(tmp_path):
  """Of an .npz with words, classes and a matrix."""
  path = tmp_path / 'semantics.npz'
  np.savez(
      path,
      words=np.array([*VECTORS, 'oak']),
      vectors=np.array([*VECTORS.values(), [9.0, 9.0]]),
      names=np.array(['sea_lion', 'maple tree', 'oak tree']),
      attributes=np.array([[1, 0, 1], [0, 1, 1], [0, 2, 2]]),
      similar=np.array([[1, 0.1, 0.2], [0.1, 1, 0.9], [0.2, 0.9, 1]]),
  )
  return {
      'source': 'words',
      'path': str(path),
      'names_key': 'words',
      'values_key': 'vectors',
      'rename': '',
      'unknown': 'error',
  }


def test_a_names_words_are_averaged_in_lower_case(spec):
  found = data.load_semantics(spec, NAMES)
  # 'sea' is unknown; the first of the two vectors of 'oak' counts.
  np.testing.assert_allclose(found.vectors, [[1, 0.5], [0.5, 1], [3, 4]])
  for i, one in enumerate(found.vectors):
    for j, two in enumerate(found.vectors):
      cosine = one @ two / np.sqrt((one @ one) * (two @ two))
      np.testing.assert_allclose(found.similarities[i, j], cosine, rtol=1e-5)


def test_a_text_file_gives_the_same_as_an_npz(spec, tmp_path):
  path = tmp_path / 'glove.txt'
  path.write_text(''.join(f'{w} {v[0]} {v[1]}\n' for w, v in VECTORS.items()))
  text = data.load_semantics({**spec, 'path': str(path)}, NAMES)
  np.testing.assert_array_equal(
      text.vectors, data.load_semantics(spec, NAMES).vectors
  )


def test_attributes_and_similarities_go_by_the_whole_name(spec):
  own = {**spec, 'names_key': 'names'}
  found = data.load_semantics(
      {**own, 'source': 'classes', 'values_key': 'attributes'}, NAMES
  )
  np.testing.assert_array_equal(
      found.vectors, [[0, 1, 1], [0, 2, 2], [1, 0, 1]]
  )
  np.testing.assert_allclose(found.similarities[0, 1], 1, rtol=1e-6)
  found = data.load_semantics(
      {**own, 'source': 'similarity', 'values_key': 'similar'}, NAMES
  )
  np.testing.assert_allclose(
      found.similarities, [[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]]
  )
  with pytest.raises(ValueError, match='is no matrix of similarities of 3'):
    data.load_semantics(
        {
            **own,
            'source': 'similarity',
            'values_key': 'attributes',
            'path': _wide(spec),
        },
        NAMES,
    )


def _wide(spec):
  path = spec['path'].replace('.npz', '_wide.npz')
  np.savez(path, names=np.array(['a', 'b', 'c']), attributes=np.ones((3, 4)))
  return path


def test_classes_that_are_not_known_are_listed_or_get_zeros(spec):
  names = [*NAMES, 'quark', 'gluon']
  with pytest.raises(ValueError, match="know none of the words of 'quark', "):
    data.load_semantics(spec, names)
  with pytest.warns(UserWarning, match="'quark', 'gluon'; they get the zero"):
    found = data.load_semantics({**spec, 'unknown': 'zero'}, names)
  np.testing.assert_array_equal(found.vectors[3:], 0)
  np.testing.assert_array_equal(found.similarities[3:], 0)
  with pytest.raises(ValueError, match="must be 'error' or 'zero', not 'skip'"):
    data.load_semantics({**spec, 'unknown': 'skip'}, names)


def test_classes_can_be_renamed(spec, tmp_path):
  path = tmp_path / 'names.json'
  path.write_text(json.dumps({'n01': 'maple', 'n02': 'oak'}))
  renamed = {**spec, 'rename': str(path)}
  found = data.load_semantics(renamed, ['n02', 'n01'])
  np.testing.assert_array_equal(found.vectors, [[0, 1], [1, 0]])
  with pytest.raises(ValueError, match='does not rename n03'):
    data.load_semantics(renamed, ['n01', 'n03'])
  path.write_bytes(b'\xff{')
  with pytest.raises(ValueError, match='is no JSON file'):
    data.load_semantics(renamed, ['n01'])


def test_names_that_two_rows_have_are_refused(spec):
  own = {**spec, 'source': 'classes'}
  with pytest.raises(ValueError, match="2 rows of the name 'OAK'"):
    data.load_semantics(own, ['OAK'])


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'source': 'wordnet'}, "'wordnet'; .*valid ones are: unicode, words"),
        ({'path': ''}, "'words' needs the path"),
        ({'names_key': 'nouns'}, r"z: it has no key 'nouns'; its keys are"),
        ({'names_key': 'vectors'}, r'vectors must be \[n\] strings'),
        ({'values_key': 'words'}, r'words must be \[n, V\] numbers'),
        ({'names_key': 'names'}, 'there are 3 names, but 5 rows of vectors'),
    ],
)
def test_what_is_wrong_with_a_source_is_named(spec, change, message):
  with pytest.raises(ValueError, match=message):
    data.load_semantics({**spec, **change}, NAMES)


def test_a_file_that_was_cut_off_is_named(spec):
  with open(spec['path'], 'r+b') as file:
    file.truncate(300)
  with pytest.raises(ValueError, match=r'semantics\.npz is not a \.npz'):
    data.load_semantics(spec, NAMES)
  with pytest.raises(FileNotFoundError, match=r'no\.npz does not exist'):
    data.load_semantics({**spec, 'path': 'no.npz'}, NAMES)


def test_letters_are_alike_by_the_words_they_share():
  names = [
      'GREEK SMALL LETTER ALPHA',
      'GREEK SMALL LETTER ALPHA WITH TONOS',
      'GREEK SMALL LETTER BETA',
      'ARMENIAN CAPITAL LETTER AYB',
  ]
  found = data.load_semantics({'source': 'unicode'}, names)
  assert found.vectors.shape == (4, 256)
  same = found.similarities
  assert same[0, 1] > same[0, 2] > 0.4 > abs(same[0, 3])
  # SHA-256 of 'alpha' begins with 8e, 10001110.
  alpha = class_words.unicode_vectors(['ALPHA LETTER'])[0]
  np.testing.assert_array_equal(alpha[:8], [1, -1, -1, -1, 1, 1, 1, -1])
