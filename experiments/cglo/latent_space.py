"""Draws the latent space, coloured by class, with and without the classifier.

  python experiments/cglo/latent_space.py --workdir=runs/cglo_glyphs/n5

Takes the codes of the rows `cglo` and `no_classifier` there, which
sample_rows.py has finished, brings them to two dimensions by t-SNE (needs
scikit-learn) and writes latent_space.png. Prints how much nearer codes of one
class are to each other than codes of two, in all dimensions: the ratio of mean
squared distances between and within classes, one where classes mean nothing.
"""

import argparse
import json
import os
from typing import Any

from matplotlib import figure as mpl_figure
from matplotlib.backends import backend_agg
import ml_collections
import numpy as np

from lsl_jax import report
from lsl_jax.pipeline.cglo import cglo
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import samples
from lsl_jax.pipeline.stages import fitting

_ROWS = {'cglo': 'with the classifier', 'no_classifier': 'without'}


def codes_of(folder: str, classes: int) -> tuple[np.ndarray, np.ndarray]:
  """Codes and labels of a finished run's first seed, of its first classes."""
  with open(os.path.join(folder, 'results.json'), encoding='utf-8') as file:
    config = ml_collections.ConfigDict(json.load(file)['metadata']['config'])
  problem = samples.load(config)
  trained = load(config, problem, folder)
  seed = fitting.derived_seed(config.seed, 'small sample', 0)
  labels = problem.labels[samples.draw(config, problem, seed).labelled]
  chosen = labels < classes
  return trained.codes[chosen], labels[chosen]


def load(
    config: Any, problem: problem_lib.Problem, folder: str
) -> cglo.Trained:
  """The first seed's cGLO; it is finished, so nothing is trained."""
  seed = fitting.derived_seed(config.seed, 'small sample', 0)
  sample = samples.draw(config, problem, seed)
  return cglo.train(
      config,
      problem,
      sample,
      fitting.derived_seed(seed, 'cglo'),
      samples.folder(folder, 0, 'cglo'),
  )


def separation(codes: np.ndarray, labels: np.ndarray) -> float:
  """Mean squared distance between classes over that within classes."""
  squared = np.sum((codes[:, None] - codes[None]) ** 2, -1)
  same = labels[:, None] == labels[None]
  other = ~np.eye(len(codes), dtype=bool)
  return float(squared[~same].mean() / squared[same & other].mean())


def main() -> None:
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
  )
  parser.add_argument('--workdir', required=True, help='WORKDIR/nSHOTS')
  parser.add_argument('--classes', type=int, default=10)
  options = parser.parse_args()
  from sklearn import manifold

  figure = mpl_figure.Figure(figsize=(8, 4))
  backend_agg.FigureCanvasAgg(figure)
  for axis, (row, title) in zip(
      figure.subplots(1, 2), _ROWS.items(), strict=True
  ):
    codes, labels = codes_of(
        os.path.join(options.workdir, row), options.classes
    )
    places = manifold.TSNE(
        perplexity=min(30.0, len(codes) / 4),
        random_state=0,
        init='pca',
        method='exact',  # there are few
    ).fit_transform(codes)
    axis.scatter(*places.T, c=labels, cmap='tab10', s=12)
    axis.set_title(title)
    axis.set_xticks([])
    axis.set_yticks([])
    print(f'{row}: separation {separation(codes, labels):.3f}')
  path = os.path.join(options.workdir, 'latent_space.png')
  report.save(figure, path)
  print(f'Written to {path}')


if __name__ == '__main__':
  main()
