"""What to run and what to place where, before a TFDS set can be read."""

import pathlib
import shlex
from typing import Any

# Sets that nobody may download for another: what to place in the manual folder.
MANUAL_FILES = {
    'imagenet2012': (
        'ILSVRC2012_img_train.tar',
        'ILSVRC2012_img_val.tar',
    ),
}


def command(name: str, path: str | pathlib.Path | None) -> str:
  """The two lines that prepare a set once.

  >>> print(command('cifar100', None))
    pip install 'lsl_jax[prepare]'
    python -m lsl_jax.data.prepare cifar100
  """
  where = '' if path is None else f' --path={shlex.quote(str(path))}'
  return (
      "  pip install 'lsl_jax[prepare]'\n"
      f'  python -m lsl_jax.data.prepare {shlex.quote(name)}{where}'
  )


def manual_folder(builder: Any) -> pathlib.Path:
  """Where TFDS looks for files that it cannot download."""
  return pathlib.Path(builder.data_dir_root) / 'downloads' / 'manual'


def instructions(
    builder: Any, name: str, path: str | pathlib.Path | None
) -> str:
  """What to do about a set that is not prepared.

  Args:
    builder: the set's TFDS builder.
    name: as the user wrote it.
    path: TFDS's data folder, if the user gave one.

  Returns:
    Files to place by hand, if any, and the lines to run.
  """
  text = ''
  files = MANUAL_FILES.get(builder.name)
  if files:
    text = (
        f'place {" and ".join(files)} (from image-net.org, with an account) in'
        f' {manual_folder(builder)}, then '
    )
  elif builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
    asked = ' '.join(builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
    text = (
        'its files have to be downloaded by hand into'
        f' {manual_folder(builder)} ({asked}), then '
    )
  return f'{text}run once\n{command(name, path)}'
