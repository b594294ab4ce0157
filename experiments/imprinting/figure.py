"""Runs what a figure of the paper shows, and draws it.

Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018. Figures 3
and 4 are accuracy over fine-tuning on novel and on all classes; 6, imprinting
and nearest neighbour on embeddings trained by softmax and by the lifted
structured loss; 7, the size of the embedding:

  python experiments/imprinting/figure.py --figure=3 \
      --config=configs/imprint_glyphs.py --workdir=runs/glyphs --seeds 0 1 2

Runs that are finished are read; tables and figures with the same workdir share
them. Writes figure_N.png and the numbers in it, figure_N.json.
"""

from collections.abc import Callable
import json
import os
from typing import Any

from matplotlib import figure as mpl_figure
import measured
import numpy as np
import runs

from lsl_jax import evaluation, report
from lsl_jax.pipeline import scripting

_INITIALISATIONS = {
    'imprint_finetune': 'imprinted',
    'random_finetune': 'random',
}
_LOSSES = {'transfer': 'softmax', 'lifted': 'lifted structure'}
Numbers = list[dict[str, Any]]


def fine_tuning(
    experiment: runs.Experiment, seeds: list[int], split: str
) -> tuple[mpl_figure.Figure, Numbers]:
  """Accuracy over epochs: mean and interval over seeds, or over draws of one.

  Args:
    experiment: the config.
    seeds: a run for each.
    split: 'novel' (figure 3) or 'all' (figure 4).

  Returns:
    The figure, and its curves.
  """
  groups: dict[tuple[str, int], dict[int, list[Any]]] = {}
  for seed in seeds:
    run = measured.read(experiment.finish('finetune', seed))
    assert run is not None  # it has just been finished
    for curve in run.curves:
      key = (curve['learner'], curve['shots'])
      groups.setdefault(key, {}).setdefault(seed, []).append(curve)
  curves = []
  for (learner, shots), by_seed in groups.items():
    points = [
        [curve['accuracy'][f'{split}/top1'] for curve in group]
        for group in by_seed.values()
    ]
    means = [np.mean(draws, axis=0) for draws in points]
    trials = means if len(means) > 1 else points[0]
    mean, width = evaluation.confidence_interval(trials, method='student')
    curves.append(
        {
            'initialisation': _INITIALISATIONS[learner],
            'shots': shots,
            'split': split,
            'epochs': next(iter(by_seed.values()))[0]['epochs'],
            'accuracy': mean.tolist(),
            'half_width': None if np.isnan(width).any() else width.tolist(),
        }
    )
  return report.fine_tuning(curves, splits=[split]), curves


def neighbours(
    experiment: runs.Experiment, seeds: list[int]
) -> tuple[mpl_figure.Figure, Numbers]:
  """Figure 6: two losses, two classifiers, in transfer."""
  rows = [
      {**row, 'method': f'{row["method"]} ({loss})'}
      for name, loss in _LOSSES.items()
      for row in _rows(experiment, name, seeds)
      if row['learner'] in ('imprint', 'nearest')
  ]
  return report.accuracy_bars(rows), rows


def embedding_size(
    experiment: runs.Experiment, seeds: list[int]
) -> tuple[mpl_figure.Figure, Numbers]:
  """Figure 7: AllClassJoint and Imprinting, on novel classes."""
  rows = [
      {**row, 'dimension': size}
      for name in ('joint_d', 'd')
      for size in runs.SIZES
      for row in _rows(experiment, f'{name}{size}', seeds)
      if row['shots'] in runs.SIZES_SHOTS
  ]
  return report.embedding_size(rows), rows


FIGURES: dict[int, Callable[..., tuple[mpl_figure.Figure, Numbers]]] = {
    3: lambda *arguments: fine_tuning(*arguments, split='novel'),
    4: lambda *arguments: fine_tuning(*arguments, split='all'),
    6: neighbours,
    7: embedding_size,
}


def make(experiment: runs.Experiment, number: int, seeds: list[int]) -> str:
  """Runs what is missing of a figure, draws it, and returns its path."""
  drawn, numbers = FIGURES[number](experiment, seeds)
  path = os.path.join(experiment.workdir, f'figure_{number}')
  report.save(drawn, f'{path}.png')
  report.atomic.write(f'{path}.json', json.dumps(numbers, indent=1) + '\n')
  return f'{path}.png'


def _rows(experiment: runs.Experiment, name: str, seeds: list[int]) -> Numbers:
  """Top-1 accuracy on novel classes over the seeds of one run."""
  folders = {seed: experiment.finish(name, seed) for seed in seeds}
  read = {seed: measured.read(folder) for seed, folder in folders.items()}
  return [
      row
      for row in measured.rows(read)
      if row['split'] == 'novel' and row['metric'] == 'top1'
  ]


def main() -> None:
  parser = runs.parser(__doc__)
  parser.add_argument('--figure', type=int, choices=FIGURES, required=True)
  parser.add_argument('--config', default='configs/imprint_cub.py')
  options = parser.parse_args()
  path = make(runs.experiment(options), options.figure, options.seeds)
  print(f'Written to {path}')


if __name__ == '__main__':
  scripting.start(main)
