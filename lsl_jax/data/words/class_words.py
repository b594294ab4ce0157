"""Semantic vectors of classes from their names: the rule for several words."""

from collections.abc import Mapping, Sequence
import hashlib
import re
import warnings

import numpy as np

UNKNOWN = ('error', 'zero')
# Words of Unicode's names that tell no letter from another.
_COMMON = frozenset({'letter', 'symbol', 'sign', 'with'})


def words(name: str) -> list[str]:
  """The words of a class's name.

  Lower case, divided at underscores, spaces and hyphens.

  >>> words('Black-footed_Albatross')
  ['black', 'footed', 'albatross']
  """
  return [word for word in re.split(r'[_\s-]+', name.lower()) if word]


def class_vectors(
    class_names: Sequence[str],
    vectors: Mapping[str, np.ndarray],
    *,
    unknown: str = 'error',
    where: str = 'the word vectors',
) -> np.ndarray:
  """The mean of the vectors of the words of each name.

  Words that have no vector are left out of the mean.

  Args:
    class_names: C names.
    vectors: of words in lower case, `[V]` each.
    unknown: what a class does none of whose words has a vector: 'error', or
      'zero' for the zero vector and a warning.
    where: what the vectors are called in messages.

  Returns:
    `[C, V]` float32.

  Raises:
    ValueError: classes without a vector, by name; or no vectors at all.
  """
  check_unknown(unknown)
  if not vectors:
    raise ValueError(
        f'{where} have no vector for any word of the classes {class_names[0]!r}'
        f' and {len(class_names) - 1} others'
    )
  size = len(next(iter(vectors.values())))
  result, missing = np.zeros((len(class_names), size), np.float32), []
  for row, name in enumerate(class_names):
    known = [vectors[word] for word in words(name) if word in vectors]
    if known:
      result[row] = np.mean(known, axis=0)
    else:
      missing.append(name)
  report_missing(missing, unknown, where)
  return result


def unicode_vectors(class_names: Sequence[str]) -> np.ndarray:
  r"""Vectors of letters, from the words of their Unicode names.

  A word's vector holds +1 and -1, the bits of its SHA-256: 256 of them, the
  same on every machine, nearly orthogonal between words. A letter's is the mean
  over its name's words, but for those that all letters share, so that letters
  are alike that have an alphabet, a case, a name or a mark in common.

  Args:
    class_names: such as 'GREEK SMALL LETTER ALPHA'.

  Returns:
    `[C, 256]` float32.

  >>> one, two, three = unicode_vectors(
  ...     ['GREEK SMALL LETTER ALPHA', 'GREEK CAPITAL LETTER ALPHA',
  ...      'ARMENIAN CAPITAL LETTER AYB'])
  >>> bool(one @ two > two @ three > one @ three)
  True
  """
  found = {
      word: _hashed(word)
      for name in class_names
      for word in words(name)
      if word not in _COMMON
  }
  return class_vectors(class_names, found, where='names of letters')


def check_unknown(unknown: str) -> None:
  """Refuses what is no policy for classes without a vector."""
  if unknown not in UNKNOWN:
    raise ValueError(
        f"unknown must be 'error' or 'zero', not {unknown!r}: what a class"
        ' without a vector does'
    )


def report_missing(missing: Sequence[str], unknown: str, where: str) -> None:
  """Raises or warns, with the names of the classes without a vector."""
  if not missing:
    return
  listed = ', '.join(map(repr, missing[:20]))
  if len(missing) > 20:
    listed += f', ... ({len(missing)} in all)'
  if unknown == 'error':
    raise ValueError(
        f'{where} know none of the words of {listed}; rename these classes, or'
        " set unknown='zero' to give them the zero vector"
    )
  warnings.warn(
      f'{where} know none of the words of {listed}; they get the zero vector',
      stacklevel=3,
  )


def _hashed(word: str) -> np.ndarray:
  digest = np.frombuffer(hashlib.sha256(word.encode()).digest(), np.uint8)
  return np.where(np.unpackbits(digest), 1, -1).astype(np.float32)
