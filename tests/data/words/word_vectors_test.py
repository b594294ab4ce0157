"""Files of word vectors, whole and damaged."""

import numpy as np
import pytest

from lsl_jax.data.words import word_vectors

GLOVE = 'the 1 2 3\nmaple 0.5 -1e-2 2\n. . . 7 8 9\nmaple 0 0 0\ntree 4 5 6\n'


@pytest.fixture
def write(tmp_path):
  def write(content):
    path = tmp_path / 'vectors.txt'
    path.write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    return path

  return write


@pytest.mark.parametrize('header', ['', '5 3\n'])
@pytest.mark.parametrize('end', ['\n', ' \r\n'])
def test_wanted_words_are_read_with_and_without_a_header(write, header, end):
  path = write((header + GLOVE).replace('\n', end))
  found = word_vectors.read_text(path, {'maple', 'tree', '. . .', 'oak'})
  assert found.keys() == {'maple', 'tree', '. . .'}
  np.testing.assert_allclose(found['maple'], [0.5, -0.01, 2])  # the first one
  np.testing.assert_array_equal(found['. . .'], [7, 8, 9])
  assert found['tree'].dtype == np.float32


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('', 'is empty'),
        ('maple\n', 'line 1: no numbers follow'),
        ('maple 1 2 3\ntree 4 5\n', 'line 2: 2 numbers follow .tree.*have 3'),
        ('oak 1 2 3\nmaple 1 2\ntree 4 5 6\n', 'line 2: 2 numbers.*cut off'),
        ('oak 1 2\nelm 4', 'line 2: 1 numbers follow'),
        ('maple 1 x 3\n', "line 1, word 'maple': could not convert"),
        ('maple 1 nan 3\n', "line 1: the vector of 'maple' is not finite"),
        ('3 2\nmaple 1 2\ntree 3 4\n', 'promises 3 vectors, there are 2'),
        (b'oak 1 2\nmapl\xff 1 2\n', 'line 2 is not UTF-8'),
        (b'2 2\n\x80\x04\x95\n', 'line 2 is not UTF-8.*text format'),
    ],
)
def test_a_damaged_file_is_named_with_its_line(write, content, message):
  path = write(content)
  with pytest.raises(ValueError, match=message) as error:
    word_vectors.read_text(path, {'maple', 'tree'})
  assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path):
  with pytest.raises(FileNotFoundError, match=r'no\.txt does not exist'):
    word_vectors.read_text(tmp_path / 'no.txt', {'maple'})
