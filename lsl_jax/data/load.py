"""One way to every source of images: `load(config.data)`."""

from collections.abc import Callable
import inspect
from typing import Any

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data import spec as spec_lib
from lsl_jax.data.letters import glyphs
from lsl_jax.data.reading import feature_rows, folder, npz, tfds

SOURCES: dict[str, Callable[..., dataset_lib.Dataset]] = {
    'features': feature_rows.load,
    'folder': folder.load,
    'glyphs': glyphs.load,
    'npz': npz.load,
}
_TFDS = 'tfds:'


def load(spec: Any) -> dataset_lib.Dataset:
  """Loads the data set that a specification names.

  Args:
    spec: a mapping or an object with attributes (an ml_collections ConfigDict):
      `name`, a key of `SOURCES` or `tfds:<name of a TFDS set>`; `path`, of the
      file or folder, where the source has one; `seed`, an int, where the source
      makes random choices; `options`, a mapping of further arguments of the
      source. Other fields are for others.

  Returns:
    The data set.

  Raises:
    ValueError: an unknown name or option; the message prints the valid ones.
      Or the source refuses the data.
  """
  fields = spec_lib.as_dict(spec)
  name = fields.get('name')
  if isinstance(name, str) and name.startswith(_TFDS):
    source, arguments = tfds.load, {'name': name[len(_TFDS) :]}
  elif name in SOURCES:
    source, arguments = SOURCES[name], {}
  else:
    valid = [*SOURCES, f'{_TFDS}<name of a TFDS set>']
    raise ValueError(
        f'unknown data set {name!r}; {spec_lib.choices(name, valid)}'
    )
  accepted = inspect.signature(source).parameters
  for key in ('path', 'seed'):
    if key in accepted and fields.get(key) is not None:
      arguments[key] = fields[key]
    elif key in accepted and accepted[key].default is inspect.Parameter.empty:
      raise ValueError(f'the data set {name!r} needs a {key}')
  options = spec_lib.as_dict(fields.get('options') or {})
  valid = [key for key in accepted if key not in ('path', 'seed', *arguments)]
  for key in options:
    if key not in valid:
      raise ValueError(
          f'the data set {name!r} has no option {key!r};'
          f' {spec_lib.choices(key, valid)}'
      )
  return source(**arguments, **options)
