"""Runs rows of the paper's tables, one config each, from the command line.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020.

  python experiments/cglo/sample_rows.py --config=configs/cglo_glyphs.py \
      --workdir=runs/cglo_glyphs --shots 3 5 10 --rows baseline cglo cutout

A row lives in `WORKDIR/nSHOTS/ROW`. Finished ones are left alone, one that was
interrupted goes on, and a row that samples the codes of another takes over its
generators. Every process is `python -m lsl_jax.main`.
"""

import argparse
import os
import pathlib
import subprocess
import sys
from typing import NamedTuple

from lsl_jax.pipeline import scripting

ROOT = pathlib.Path(__file__).parents[2]


class Row(NamedTuple):
  """A row of a table.

  Attributes:
    title: what the paper calls it.
    variants: of the config, see lsl_jax/pipeline/variants/small_samples.py.
    source: the row whose generators it takes; '' for its own, if any.
  """

  title: str
  variants: tuple[str, ...] = ()
  source: str = ''


ROWS = {
    'cglo': Row('cGLO'),
    'baseline': Row('Baseline', ('baseline',)),
    'cutout': Row('Cutout', ('cutout',)),
    'random_erase': Row('Random Erase', ('random_erase',)),
    'mixmatch': Row('MixMatch', ('mixmatch',)),
    'cosine': Row('Barz & Denzler', ('cosine',)),
    'no_classifier': Row('no classifier', ('no_classifier',)),
    'no_noise': Row('no noise', ('no_noise',)),
    'lerp': Row('lerp', ('lerp',), source='cglo'),
    'transductive': Row('Transductive', ('transductive',)),
    'latent_classifier': Row('Latent classifier', ('latent_classifier',)),
    'hypercube': Row('Hypercube init', ('hypercube',)),
    'activations': Row('ResNet init', ('activations',)),
    'additive_noise': Row('Additive noise', ('additive_noise',)),
    'cosine_loss': Row('Cosine loss', ('cosine_loss',), source='cglo'),
    'mixmatch_1000': Row(
        'MixMatch, 1000 unlabelled', ('mixmatch', 'unlabelled_1000')
    ),
    'mixmatch_35000': Row(
        'MixMatch, 35,000 unlabelled', ('mixmatch', 'unlabelled_35000')
    ),
    'cglo_1000': Row('cGLO, 1000 unlabelled', ('unlabelled_1000',)),
    'cglo_35000': Row('cGLO, 35,000 unlabelled', ('unlabelled_35000',)),
    'autoaugment': Row('AutoAugment', ('autoaugment',)),
    'autoaugment_cglo': Row(
        'AutoAugment + cGLO', ('autoaugment_cglo',), source='cglo'
    ),
    'autoaugment_transductive': Row(
        'AutoAugment + transductive',
        ('autoaugment_cglo', 'transductive'),
        source='transductive',
    ),
}


def folder(workdir: str, shots: int, row: str) -> str:
  """Where a row lives."""
  return os.path.join(workdir, f'n{shots}', row)


def command(
    config: str, workdir: str, shots: int, row: str, settings: list[str]
) -> list[str]:
  """The command line of one row.

  Args:
    config: the file, perhaps with variants of its own after a colon.
    workdir: of all rows.
    shots: images a class.
    row: a name of `ROWS`.
    settings: `KEY=VALUE`, of any key of the config.

  Returns:
    The words of the command.
  """
  path, _, own = config.partition(':')
  names = [*filter(None, own.split(',')), str(shots), *ROWS[row].variants]
  words = [
      *(sys.executable, '-m', 'lsl_jax.main'),
      f'--config={path}:{",".join(names)}',
      f'--workdir={folder(workdir, shots, row)}',
      *(f'--config.{setting}' for setting in settings),
  ]
  source = ROWS[row].source
  if source and scripting.is_finished(folder(workdir, shots, source)):
    words.append(f'--config.cglo.workdir={folder(workdir, shots, source)}')
  return words


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument('--config', required=True)
  parser.add_argument('--workdir', required=True)
  parser.add_argument('--shots', type=int, nargs='+', required=True)
  parser.add_argument('--rows', nargs='+', choices=ROWS, required=True)
  parser.add_argument(
      '--set', nargs='+', default=[], dest='settings', metavar='KEY=VALUE'
  )
  options = parser.parse_args()
  # Rows whose generators others may take come first.
  rows = sorted(options.rows, key=lambda row: bool(ROWS[row].source))
  for shots in options.shots:
    for row in rows:
      if scripting.is_finished(folder(options.workdir, shots, row)):
        continue
      words = command(
          options.config, options.workdir, shots, row, options.settings
      )
      print(f'\n{" ".join(words)}\n', flush=True)
      code = subprocess.run(words, cwd=ROOT, check=False).returncode
      if code:
        sys.exit(f'sample_rows.py: {row} with {shots} images ended with {code}')


if __name__ == '__main__':
  main()
