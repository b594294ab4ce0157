"""What a row was run with, in words, and whether the paper has it like that.

The paper's setting of a row is what the config of its data set makes of the
row's variants. A run whose classes, networks, measure or epochs are others has
numbers that cannot be set against the paper's.
"""

from collections.abc import Mapping
import functools
from typing import Any, NamedTuple

import sample_rows

from lsl_jax.pipeline import scripting


class DataSet(NamedTuple):
  """One of the paper's data sets.

  Attributes:
    title: what the paper calls it.
    config: the file that has the paper's setting.
    classes: how many it has.
    names: parts of the names of files and sets that hold it, without dashes.
  """

  title: str
  config: str
  classes: int
  names: tuple[str, ...]


DATA_SETS = {
    'cifar100': DataSet(
        'CIFAR-100', 'configs/cglo_cifar100.py', 100, ('cifar100',)
    ),
    'cub': DataSet(
        'CUB-200-2011',
        'configs/cglo_cub.py',
        200,
        ('caltechbirds', 'cub200'),
    ),
}


def data_set(name: str) -> str:
  """The key of `DATA_SETS` of a data set's name, '' for any other.

  >>> data_set('tfds:caltech_birds2011'), data_set('glyphs')
  ('cub', '')
  """
  plain = name.lower().replace('_', '').replace('-', '')
  for key, known in DATA_SETS.items():
    if any(part in plain for part in known.names):
      return key
  return ''


def words(config: Mapping[str, Any], classes: int) -> dict[str, str]:
  """What makes numbers comparable, each thing in words.

  Args:
    config: of a run, as nested dictionaries.
    classes: how many it had.

  Returns:
    Words by the name of what they tell, in the order of a sentence.
  """
  model, spec, recipe = config['model'], config['cglo'], config['train']
  network = _with_options(model['backbone'], model['options'])
  if model['pretrained']:
    network += ' from ImageNet weights'
  found = {
      'classes': str(classes),
      'network': network,
      'training': (
          f'{recipe["iterations"]} steps'
          if recipe['iterations']
          else f'{recipe["epochs"]:g} epochs'
      ),
  }
  if config['small_sample']['method'] == 'cglo':
    generator = _with_options(
        spec['generator']['name'], spec['generator']['options']
    )
    found['generator'] = f'{generator}, {spec["epochs"]:g} epochs'
    found['perceptual network'] = spec['perceptual']['name']
  if config['small_sample']['report'] != 'test':
    found['tested on'] = 'held-out training images'
  return found


def of_the_paper(key: str, row: str) -> dict[str, str]:
  """The words of a row of the paper's tables.

  Args:
    key: of `DATA_SETS`.
    row: of `sample_rows.ROWS`.

  Returns:
    As `words` gives them.
  """
  return words(_config(key, row), DATA_SETS[key].classes)


@functools.cache
def _config(key: str, row: str) -> dict[str, Any]:
  path = sample_rows.ROOT / DATA_SETS[key].config
  variants = ','.join(sample_rows.ROWS[row].variants)
  return scripting.load_config(f'{path}:{variants}', ()).to_dict()


def _with_options(name: str, options: Mapping[str, Any]) -> str:
  """A network and its options, sorted."""
  told = [f'{key} {options[key]}' for key in sorted(options)]
  return f'{name} ({", ".join(told)})' if told else name
