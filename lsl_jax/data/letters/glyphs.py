"""The embedded data set: letters of five alphabets, drawn on this machine.

It needs no download and no GPU, and is a real few-shot task: letters of the
Latin, Greek and Cyrillic alphabets are base classes, Armenian and Georgian
ones novel. A letter's training and test images come from different fonts.
"""

from collections.abc import Sequence
import os

import matplotlib
import numpy as np
import PIL
from PIL import features

from lsl_jax.data import dataset as dataset_lib
from lsl_jax.data.classes import splits
from lsl_jax.data.letters import (
    glyph_cache,
    glyph_classes,
    glyph_fonts,
    glyph_render,
)

VERSION = 2  # raise it whenever the same arguments give other images
_NOVEL = ('ARMENIAN', 'GEORGIAN')


def load(
    *,
    seed: int = 0,
    size: int = 32,
    distortions: int = 4,
    cache_dir: str | os.PathLike | None = None,
) -> dataset_lib.Dataset:
  """Draws the data set, or finds it in the cache.

  Args:
    seed: of the distortions; the same seed gives the same images wherever
      Pillow, FreeType and matplotlib are the same.
    size: the images' side in pixels.
    distortions: images of each class in each font that has the letter. Novel
      classes have at least 6 fonts for training: four make 24 images.
    cache_dir: the folder of the cache; None: the user's cache folder.

  Returns:
    Grey images in three equal channels, `[M, size, size, 3]`, class by class.

  Raises:
    ValueError: if an argument is out of range.
  """
  for name, value, least in (
      ('seed', seed, 0),
      ('size', size, 8),
      ('distortions', distortions, 1),
  ):
    if value != int(value) or value < least:
      raise ValueError(f'{name} must be an integer >= {least}, got {value}')
  key = {
      'version': VERSION,
      'seed': int(seed),
      'size': int(size),
      'distortions': int(distortions),
      'styles': glyph_fonts.STYLES,
      'ranges': (glyph_render.LOW, glyph_render.HIGH),
      'pillow': PIL.__version__,
      'freetype': features.version('freetype2'),
      'matplotlib': matplotlib.__version__,
  }
  arrays = glyph_cache.load_or_make(
      glyph_cache.default_folder() if cache_dir is None else cache_dir,
      'glyphs',
      key,
      lambda: _draw(int(seed), int(size), int(distortions)),
  )
  return dataset_lib.Dataset(
      'glyphs',
      np.repeat(arrays['images'][..., None], 3, axis=-1),
      arrays['labels'],
      tuple(arrays['class_names'].tolist()),
      arrays['is_train'],
  )


def class_split(class_names: Sequence[str]) -> splits.ClassSplit:
  """Base, validation and novel classes, by their names.

  Base are the letters that Latin, Greek or Cyrillic have, and be it as one of
  several that are drawn alike. Of the Armenian and of the Georgian letters,
  every third is for validation, in order of the alphabet. All forms of a letter
  (capital and small, old and modern) are on the same side: some of them
  resemble each other.

  Args:
    class_names: names of classes of this data set.

  Returns:
    Indices into `class_names`.

  >>> class_split(['ARMENIAN CAPITAL LETTER AYB', 'LATIN CAPITAL LETTER A',
  ...              'ARMENIAN CAPITAL LETTER BEN', 'ARMENIAN SMALL LETTER AYB'])
  ClassSplit(base=(1,), validation=(0, 3), novel=(2,))
  """
  base, letters = [], {alphabet: {} for alphabet in _NOVEL}
  for index, name in enumerate(class_names):
    alphabet, _, form = name.partition(' ')
    if alphabet in letters:
      letter = form.rpartition('LETTER ')[2]
      letters[alphabet].setdefault(letter, []).append(index)
    else:
      base.append(index)
  validation, novel = [], []
  for groups in letters.values():
    for position, members in enumerate(groups.values()):
      (novel if position % 3 else validation).extend(members)
  return splits.ClassSplit(
      tuple(base), tuple(sorted(validation)), tuple(sorted(novel))
  )


def contact_sheet(
    dataset: dataset_lib.Dataset,
    classes: Sequence[int],
    *,
    columns: int = 8,
) -> np.ndarray:
  """Images side by side: a row for each class, training left, test right.

  Args:
    dataset: a data set whose images all have one size, `[H, W, 3]`.
    classes: class indices, from top to bottom.
    columns: how many training and how many test images a row shows, spread
      over those of the class; a place stays grey where there is none.

  Returns:
    `[len(classes) * H, (2 * columns + 1) * W, 3]` uint8.
  """
  height, width = dataset.images[0].shape[:2]
  sheet = np.full(
      (len(classes), height, 2 * columns + 1, width, 3), 128, np.uint8
  )
  for row, label in enumerate(classes):
    for start, train in ((0, True), (columns + 1, False)):
      indices = dataset.indices([label], train=train)
      count = min(columns, len(indices))
      for column in range(count):
        image = dataset.images[indices[column * len(indices) // count]]
        sheet[row, :, start + column] = image
  return sheet.reshape(len(classes) * height, -1, 3)


def _draw(seed: int, size: int, distortions: int) -> glyph_cache.Arrays:
  """All images, class by class, style by style."""
  classes = glyph_classes.classes()
  images, labels, is_train = [], [], []
  for label, letters in enumerate(
      glyph_class.letters for glyph_class in classes
  ):
    for number, style in enumerate(glyph_fonts.STYLES):
      letter = next(
          (c for c in letters if c in glyph_fonts.drawn(style.file)), ''
      )
      if not letter:
        continue
      outline = glyph_fonts.outline(style.file, letter)
      for repetition in range(distortions):
        how = glyph_render.sample((seed, ord(letters[0]), number, repetition))
        images.append(glyph_render.render(outline, how, size))
        labels.append(label)
        is_train.append(style.is_train)
  return {
      'images': np.stack(images),
      'labels': np.array(labels, np.int32),
      'is_train': np.array(is_train),
      'class_names': np.array([glyph_class.name for glyph_class in classes]),
  }
