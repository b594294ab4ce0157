"""The data of every config's smallest run: a few letters, without any file."""

from typing import Any


def letters(config: Any, *, size: int, classes: int = 6) -> None:
  """Replaces a config's data by a few classes of small letters.

  Args:
    config: changed in place.
    size: of the images, in pixels.
    classes: how many base, and how many novel ones.
  """
  config.data.name = 'glyphs'
  config.data.path = ''
  config.data.options = {}
  with config.data.ignore_type():  # may be a mapping
    config.data.split = ''
  config.data.resize = config.data.size = size
  config.data.keep_aspect = False
  config.data.memory_gb = 6.0
  config.data.max_classes = classes
  config.data.augment.padding = min(config.data.augment.padding, 2)
  config.model.pretrained = ''
