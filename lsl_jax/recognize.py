"""The command line of recognisers: `python -m lsl_jax.recognize ACTION FILE`.

  add FILE CLASS IMAGES...   shows a class (a new file where there is none)
  predict FILE IMAGES...     names images, as CSV or JSON
  list FILE                  classes, and how many images each was shown
  remove FILE CLASS          forgets a class

IMAGES are files or folders. Nothing is trained: a class is added as soon as its
images have gone through the network once.
"""

import argparse
from collections.abc import Sequence
import json
import os
import sys
from typing import Any

from lsl_jax.pipeline import runtime

_DEFAULT = 'efficientnet_lite0'


def main(arguments: Sequence[str] | None = None) -> int:
  """Does what the arguments say.

  Returns:
    0; 1 where some image could not be read and the others were named.
  """
  options = _parser().parse_args(arguments)
  runtime.start()
  try:
    return options.action(options)
  except BrokenPipeError:  # as when the output is piped into head
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
  except (ImportError, OSError, ValueError) as error:
    # Names of files need not be valid UTF-8.
    text = f'lsl_jax: {error}'.encode(errors='backslashreplace').decode()
    sys.exit(text)


def _parser() -> argparse.ArgumentParser:
  parser = argparse.ArgumentParser(
      prog='python -m lsl_jax.recognize',
      description=__doc__,
      formatter_class=argparse.RawDescriptionHelpFormatter,
  )
  actions = parser.add_subparsers(title='actions', required=True)

  def action(name: str, function: Any, text: str) -> argparse.ArgumentParser:
    sub = actions.add_parser(name, help=text, description=text)
    sub.add_argument('file', help='of the recogniser')
    sub.set_defaults(action=function)
    return sub

  add = action('add', _add, 'Shows a class to a recogniser.')
  add.add_argument('class_name', metavar='class')
  add.add_argument('images', nargs='+', help='files or folders')
  add.add_argument(
      '--backbone',
      default=_DEFAULT,
      help='of a new file (default: %(default)s)',
  )
  add.add_argument(
      '--weights',
      help='of a new file: a torchvision or timm file, or an installed name; of'
      ' an old one: where its weights are now',
  )
  predict = action('predict', _predict, 'Names images.')
  predict.add_argument('images', nargs='+', help='files or folders')
  predict.add_argument('--weights', help='where the weights are now')
  predict.add_argument('--format', choices=('csv', 'json'), default='csv')
  predict.add_argument('--output', help='a file instead of the screen')
  predict.add_argument(
      '--top', type=_positive, default=3, help='classes ranked for each image'
  )
  predict.add_argument(
      '--threshold',
      type=float,
      help='least score of a known class, -1 to 1 (-1: none is unknown); by'
      ' default calibrated on the images shown',
  )
  action('list', _list, 'Lists classes.').add_argument(
      '--format', choices=('text', 'json'), default='text'
  )
  remove = action('remove', _remove, 'Forgets a class.')
  remove.add_argument('class_name', metavar='class')
  return parser


def _positive(text: str) -> int:
  if not text.isdigit() or not int(text):
    raise argparse.ArgumentTypeError(f'{text!r} is no positive whole number')
  return int(text)


def _add(options: argparse.Namespace) -> int:
  from lsl_jax import data, recogniser  # pylint: disable=import-outside-toplevel
  from lsl_jax.recogniser import pictures, record, starting  # pylint: disable=import-outside-toplevel

  record.check_name(options.class_name)
  files = pictures.listed(options.images)
  exists = os.path.exists(options.file)
  if exists:
    before = recogniser.read(options.file)
    embed = recogniser.Embedder(
        before.weights, before.preprocessing, location=options.weights
    )
  else:
    embed = starting.embedder(options.backbone, options.weights)
  crops = []
  for _, image in pictures.decoded(files):
    if isinstance(image, data.ImageError):
      raise image
    crops.append(embed.crop(image))
  features = embed(crops)
  # What others added in the meantime stays.
  with recogniser.alone(options.file):
    if os.path.exists(options.file):
      before = recogniser.read(options.file)
      starting.check_same(before, embed)
    else:
      before = starting.begun(embed)
    after = recogniser.add(
        before, options.class_name, features, crops, [f.name for f in files]
    )
    recogniser.write(options.file, after)
  label = after.class_names.index(options.class_name)
  print(
      f'{options.class_name}: {after.counts[label]} images;'
      f' {len(after.class_names)} classes in {options.file}'
  )
  return 0


def _predict(options: argparse.Namespace) -> int:
  from lsl_jax import recogniser  # pylint: disable=import-outside-toplevel
  from lsl_jax.recogniser import listing, naming, pictures  # pylint: disable=import-outside-toplevel
  from lsl_jax.report import atomic  # pylint: disable=import-outside-toplevel

  known = recogniser.read(options.file)
  files = pictures.listed(options.images)
  if not known.class_names:
    raise ValueError(f'{options.file} knows no class yet; add one first')
  embed = recogniser.Embedder(
      known.weights, known.preprocessing, location=options.weights
  )
  records = list(
      naming.records(
          known, embed, files, threshold=options.threshold, top=options.top
      )
  )
  text = (
      listing.as_csv(records)
      if options.format == 'csv'
      else listing.as_json(records)
  )
  if options.output:
    atomic.write(options.output, text)
  else:
    # As atomic.write has it: names of files need not be valid UTF-8.
    print(text.encode(errors='backslashreplace').decode(), end='')
  failed = [r for r in records if r['error']]
  for one in failed:
    shown = one['error'].encode(errors='backslashreplace').decode()
    print(f'lsl_jax: {shown}', file=sys.stderr)
  return 1 if failed else 0


def _list(options: argparse.Namespace) -> int:
  from lsl_jax import recogniser  # pylint: disable=import-outside-toplevel

  known = recogniser.read(options.file)
  threshold = recogniser.threshold(known)
  counts = dict(zip(known.class_names, known.counts.tolist(), strict=True))
  if options.format == 'json':
    content = {
        'classes': counts,
        'threshold': threshold,
        'backbone': known.weights.backbone,
        'weights': known.weights.source,
    }
    print(json.dumps(content, indent=2, ensure_ascii=False))
    return 0
  for name, count in counts.items():
    print(f'{count:5d}  {name}')
  print(
      f'{len(counts)} classes, {known.weights.backbone} with'
      f' {known.weights.source}; unknown below {threshold:.3f}'
  )
  return 0


def _remove(options: argparse.Namespace) -> int:
  from lsl_jax import recogniser  # pylint: disable=import-outside-toplevel

  if not os.path.exists(options.file):
    raise FileNotFoundError(f'there is no recogniser {options.file}')
  with recogniser.alone(options.file):
    after = recogniser.remove(recogniser.read(options.file), options.class_name)
    recogniser.write(options.file, after)
  print(f'{len(after.class_names)} classes are left in {options.file}')
  return 0


if __name__ == '__main__':
  sys.exit(main())
