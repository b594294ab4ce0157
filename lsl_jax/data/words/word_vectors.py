"""Word vectors from the files that GloVe, fastText and word2vec write."""

from collections.abc import Collection, Iterator
import pathlib

import numpy as np


def read_text(
    path: str | pathlib.Path, wanted: Collection[str]
) -> dict[str, np.ndarray]:
  """Reads the vectors of some words from a text file.

  A line is a word and its V numbers, divided by spaces. fastText's and
  word2vec's files have a line before them with two integers, how many vectors
  there are and V; GloVe's have none. A word may hold spaces: the last V fields
  are the numbers. Lines of words that are not wanted are counted, not read, but
  for the last one, where a file that was cut off shows it. Where a word is
  there twice, the first counts.

  Args:
    path: of the file, UTF-8.
    wanted: the words to look for, as the file spells them.

  Returns:
    A vector `[V]` float32 of each wanted word that the file has.

  Raises:
    FileNotFoundError: there is no such file.
    ValueError: a line has too few fields, something that is no number, or is no
      UTF-8; the header promises other vectors; or the file is empty. The
      message names the file and the line.
  """
  path = pathlib.Path(path)
  if not path.is_file():
    raise FileNotFoundError(f'the file of word vectors {path} does not exist')
  lines = _lines(path)
  number, line = next(lines, (0, ''))
  if not line:
    raise ValueError(f'{path} is empty; a line of it is a word and its numbers')
  fields = line.split(' ')
  promised, size = None, len(fields) - 1
  if len(fields) == 2 and all(field.isdecimal() for field in fields):
    promised, size = map(int, fields)
    number, line = next(lines, (1, ''))
  if not size:
    raise ValueError(
        f'{path}, line {number}: no numbers follow {line[:40]!r}; a line is a'
        ' word and its numbers, divided by spaces'
    )
  found: dict[str, np.ndarray] = {}
  wanted, count = frozenset(wanted), 0
  while line:
    word, _, rest = line.partition(' ')
    if rest.count(' ') >= size:  # spaces within the word
      word = line.rsplit(' ', size)[0]
    count += 1
    last, (following, next_line) = line, next(lines, (number, ''))
    if word in wanted and word not in found:
      found[word] = _vector(path, number, line, size)
    elif not next_line:
      _vector(path, number, last, size)
    number, line = following, next_line
  if promised is not None and count != promised:
    raise ValueError(
        f'{path}: the first line promises {promised} vectors, there are'
        f' {count}; the file is not whole'
    )
  return found


def _vector(path, number, line, size) -> np.ndarray:
  """The numbers of a line."""
  fields = line.split(' ')
  if len(fields) <= size:
    raise ValueError(
        f'{path}, line {number}: {len(fields) - 1} numbers follow'
        f' {fields[0][:40]!r}, vectors of this file have {size}; it is damaged,'
        ' or was cut off'
    )
  try:
    vector = np.array([float(field) for field in fields[-size:]], np.float32)
  except ValueError as error:
    raise ValueError(
        f'{path}, line {number}, word {fields[0][:40]!r}: {error}'
    ) from error
  if not np.isfinite(vector).all():
    raise ValueError(
        f'{path}, line {number}: the vector of {fields[0][:40]!r} is not finite'
    )
  return vector


def _lines(path: pathlib.Path) -> Iterator[tuple[int, str]]:
  """Lines that are not empty, with their numbers from 1."""
  with path.open('rb') as file:
    for number, line in enumerate(file, start=1):
      try:
        text = line.decode('utf-8').rstrip()
      except UnicodeDecodeError as error:
        raise ValueError(
            f'{path}, line {number} is not UTF-8 ({error.reason}); if this is'
            " a binary file of word2vec's, convert it to its text format"
        ) from error
      if text:
        yield number, text
