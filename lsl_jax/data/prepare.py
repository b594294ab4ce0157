"""Prepares a TFDS set once: `python -m lsl_jax.data.prepare NAME`.

It is stored as array_record, which is read without TensorFlow ever after. The
sets that TFDS ships need TensorFlow for this step: the extra `[prepare]`.
"""

import argparse
from collections.abc import Sequence
import sys

from lsl_jax.data.reading import preparation, tfds


def prepare(name: str, path: str | None = None) -> str:
  """Downloads and converts a set, unless it is there already.

  Args:
    name: of the TFDS set.
    path: TFDS's data folder; its own default if None.

  Returns:
    One line about the set, which has been read back.

  Raises:
    ImportError: TensorFlow is needed and not installed.
    ValueError: there is no such set.
    FileNotFoundError: files that have to be placed by hand are missing.
  """
  builder = tfds.make_builder(name, path)
  folder = preparation.manual_folder(builder)
  files = preparation.MANUAL_FILES.get(builder.name, ())
  missing = [f for f in files if not (folder / f).is_file()]
  if missing and not builder.is_prepared():
    raise FileNotFoundError(
        f'{name} needs {" and ".join(missing)} in {folder}; download them from'
        ' image-net.org with an account'
    )
  try:
    builder.download_and_prepare(file_format='array_record')
  except ImportError as error:
    raise ImportError(
        f'preparing {name} needs a package that is missing ({error}); run\n'
        f'{preparation.command(name, path)}'
    ) from error
  return f'{tfds.load(name, path=path)!r} in {builder.data_path}'


def main(arguments: Sequence[str] | None = None) -> int:
  """The command line."""
  parser = argparse.ArgumentParser(
      prog='python -m lsl_jax.data.prepare', description=__doc__
  )
  parser.add_argument('name', help='of the TFDS set, for example cifar100')
  parser.add_argument('--path', help="TFDS's data folder; its own by default")
  options = parser.parse_args(arguments)
  try:
    print(prepare(options.name, options.path))
  except (FileNotFoundError, ImportError, ValueError) as error:
    print(f'error: {error}', file=sys.stderr)
    return 1
  return 0


if __name__ == '__main__':
  sys.exit(main())
