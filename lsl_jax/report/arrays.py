"""Files of named arrays, written whole or not at all."""

import io
import os
from typing import Any

import numpy as np

from lsl_jax.report import atomic


def write(path: str | os.PathLike[str], **named: Any) -> None:
  """Writes arrays into a compressed `.npz` file.

  Args:
    path: the file; its folder is made if it does not exist.
    **named: arrays, numbers or text by name; names may hold slashes.

  Raises:
    OSError: the file cannot be written. Names it; an older one is untouched.
  """
  buffer = io.BytesIO()
  np.savez_compressed(buffer, **named)
  atomic.write(path, buffer.getvalue())
