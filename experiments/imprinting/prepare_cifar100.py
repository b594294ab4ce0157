"""Writes CIFAR-100 in this project's data format (docs/data_format.md).

The source is a pair of files, one for training and one for testing, whose
`images_filtered` [3, N, 32, 32] holds differences between neighbouring pixels
and between colour channels, modulo 256, which compress better than pixels:

  python experiments/imprinting/prepare_cifar100.py TRAIN.npz TEST.npz OUT.npz
"""

import argparse
import pathlib

import numpy as np


def unfilter(filtered: np.ndarray) -> np.ndarray:
  """Sums the differences up again.

  Args:
    filtered: `[3, N, H, W]` uint8: red minus green, green, blue minus green, of
      which each is the difference to the pixel above and to the left.

  Returns:
    `[N, H, W, 3]` uint8 RGB.
  """
  planes = np.cumsum(filtered, axis=-2, dtype=np.uint8)
  planes = np.cumsum(planes, axis=-1, dtype=np.uint8)
  planes[0] += planes[1]
  planes[2] += planes[1]
  return np.ascontiguousarray(planes.transpose(1, 2, 3, 0))


def convert(train: str, test: str, out: str) -> None:
  """Joins both files into one `.npz` of images, labels, names and parts."""
  images, labels, is_train, names = [], [], [], []
  for path, training in ((train, True), (test, False)):
    with np.load(path, allow_pickle=False) as file:
      names.append(file['fine_names'])
      images.append(unfilter(file['images_filtered']))
      labels.append(file['fine'].astype(np.int32))
    is_train.append(np.full(len(labels[-1]), training))
  if not np.array_equal(*names):
    raise ValueError(f'{train} and {test} differ in fine_names')
  pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
  np.savez_compressed(
      out,
      images=np.concatenate(images),
      labels=np.concatenate(labels),
      class_names=names[0],
      is_train=np.concatenate(is_train),
  )


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('train', help='.npz of the 50,000 training images')
  parser.add_argument('test', help='.npz of the 10,000 test images')
  parser.add_argument('out', help='.npz to write')
  options = parser.parse_args()
  convert(options.train, options.test, options.out)


if __name__ == '__main__':
  main()
