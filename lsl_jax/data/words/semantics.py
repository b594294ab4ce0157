"""What class names mean: vectors, or similarities, from several sources."""

from collections.abc import Callable, Sequence
import json
import pathlib
from typing import Any, NamedTuple

import numpy as np

from lsl_jax.data import spec as spec_lib
from lsl_jax.data.words import class_words, named_tables, word_vectors


class Semantics(NamedTuple):
  """The meaning of C classes.

  Attributes:
    vectors: one a class, `[C, V]` float32: of words or attributes, or the rows
      of the similarities where there is nothing else.
    similarities: `[C, C]` float32, cosines of the vectors, or as given.
  """

  vectors: np.ndarray
  similarities: np.ndarray


def load(spec: Any, class_names: Sequence[str]) -> Semantics:
  """Reads the semantics of some classes.

  Args:
    spec: a mapping or an object with attributes:
      `source`: 'unicode' (words of letters' names), 'words' (a text file of
        word vectors, or an .npz with words and vectors; the mean over a name's
        words), 'classes' (an .npz of names and vectors, one a class:
        attributes, or vectors that somebody else made of the names),
        'similarity' (an .npz of names and an `[n, n]` matrix);
      `path`: of the file, where there is one;
      `names_key`, `values_key`: keys of the .npz that hold names and numbers;
      `rename`: '' or a .json file from class names to the names that the source
        knows, such as from WordNet's numbers to words;
      `unknown`: 'error', or 'zero' for classes that the source does not know.
    class_names: C names.

  Returns:
    The semantics.

  Raises:
    FileNotFoundError: a file is missing.
    ValueError: an unknown source, classes without a meaning (by name), or a
      damaged file.
  """
  fields = spec_lib.as_dict(spec)
  source = fields.get('source')
  if source not in SOURCES:
    raise ValueError(
        f'unknown source of semantics {source!r};'
        f' {spec_lib.choices(source, SOURCES)}'
    )
  names = _renamed(fields.get('rename') or '', class_names)
  return SOURCES[source](fields, names)


def _of_vectors(vectors: np.ndarray) -> Semantics:
  lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
  unit = vectors / np.where(lengths > 0, lengths, 1)
  return Semantics(
      vectors.astype(np.float32), (unit @ unit.T).astype(np.float32)
  )


def _unicode(fields, names) -> Semantics:
  del fields
  return _of_vectors(class_words.unicode_vectors(names))


def _words(fields, names) -> Semantics:
  path = _path(fields)
  wanted = {word for name in names for word in class_words.words(name)}
  if path.endswith('.npz'):
    known, values = _table(path, fields)
    rows = {name.lower(): row for row, name in reversed([*enumerate(known)])}
    vectors = {word: values[rows[word]] for word in wanted if word in rows}
  else:
    vectors = word_vectors.read_text(path, wanted)
  return _of_vectors(
      class_words.class_vectors(
          names, vectors, unknown=fields['unknown'], where=path
      )
  )


def _classes(fields, names) -> Semantics:
  path = _path(fields)
  known, values = _table(path, fields)
  return _of_vectors(
      named_tables.rows_of(
          names, known, values, unknown=fields['unknown'], where=path
      )
  )


def _similarity(fields, names) -> Semantics:
  path = _path(fields)
  known, values = _table(path, fields)
  if values.shape[1] != len(known):
    raise ValueError(
        f'{path}: {fields["values_key"]} is no matrix of similarities of'
        f' {len(known)} classes, its shape is {values.shape}'
    )
  options = {'unknown': fields['unknown'], 'where': path}
  some = named_tables.rows_of(names, known, values, **options)
  both = named_tables.rows_of(names, known, some.T, **options)
  return Semantics(some, both)


def _table(path, fields):
  """Names and their rows of numbers, from an .npz file."""
  return named_tables.read(path, fields['names_key'], fields['values_key'])


def _path(fields) -> str:
  """The file that a source cannot do without."""
  if not fields.get('path'):
    raise ValueError(
        f'the source of semantics {fields["source"]!r} needs the path of a file'
    )
  return str(pathlib.Path(fields['path']).expanduser())


def _renamed(path: str, class_names: Sequence[str]) -> list[str]:
  """The names under which the source knows the classes."""
  if not path:
    return list(class_names)
  try:
    table = json.loads(pathlib.Path(path).expanduser().read_text('utf-8'))
  except (UnicodeDecodeError, json.JSONDecodeError) as error:
    raise ValueError(f'{path} is no JSON file: {error}') from error
  if not isinstance(table, dict):
    raise ValueError(f'{path} must hold an object from class names to names')
  missing = [name for name in class_names if name not in table]
  if missing:
    raise ValueError(f'{path} does not rename {", ".join(missing[:20])}')
  return [str(table[name]) for name in class_names]


SOURCES: dict[str, Callable[[dict[str, Any], list[str]], Semantics]] = {
    'unicode': _unicode,
    'words': _words,
    'classes': _classes,
    'similarity': _similarity,
}
