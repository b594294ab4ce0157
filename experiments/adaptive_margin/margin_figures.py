"""What a margin generator has learned: margins against similarities, a task.

  python experiments/adaptive_margin/margin_figures.py \
      runs/margin_glyphs/seed0/task_meta --output=figures

Reads a finished run with a learned margin, draws tasks of its base classes and
lets the generator make their margins, with its running statistics. Writes
margin_against_similarity.png (each pair of each task, and the least-squares
line) and margin_matrix.png (the first task's margins, with class names).
"""

import argparse
import json
import pathlib
from typing import Any

import jax
import jax.numpy as jnp
from matplotlib import figure as mpl_figure
import ml_collections
import numpy as np

from lsl_jax import report
from lsl_jax.models import margin_spec, margins
from lsl_jax.pipeline import runtime
from lsl_jax.pipeline.learners import metric_learning, registry
from lsl_jax.pipeline.stages import fitting


def learned(
    workdir: pathlib.Path, tasks: int = 200
) -> tuple[np.ndarray, np.ndarray, list[list[str]]]:
  """Margins and similarities of random tasks.

  Args:
    workdir: of a finished run.
    tasks: how many.

  Returns:
    Margins `[T, N, N]`, similarities `[T, N, N]`, and the names of classes.

  Raises:
    ValueError: the run has no learned margin.
  """
  config = ml_collections.ConfigDict(
      json.loads((workdir / 'config.json').read_text())
  )
  margin = metric_learning.margin(config)
  if not margin.learned:
    raise ValueError(f'{workdir}: the margin {margin.name!r} is not learned')
  split = json.loads((workdir / 'split.json').read_text())
  names = [split['class_names'][c] for c in split['base']]
  representation = registry.make_representation(
      config, len(names), None, class_names=names
  )
  size = config.data.size
  variables = representation.init(
      jax.random.key(0), jnp.zeros((1, size, size, 3))
  )
  variables = fitting.restore(str(workdir), config.train.to_dict(), variables)
  own = {
      part: tree['margins']
      for part, tree in variables.items()
      if 'margins' in tree
  }
  way = config.train.episodes.way
  if config.representation.name not in metric_learning.EPISODIC:
    way, tasks = len(names), 1
  rng = np.random.default_rng(0)
  chosen = np.stack([rng.permutation(len(names))[:way] for _ in range(tasks)])
  similarities = metric_learning.meaning(config, names).similarities
  found = similarities[chosen[:, :, None], chosen[:, None, :]]
  generator: Any = margin.generator()
  values = generator.apply(own, jnp.asarray(found), train=False)
  if margin.remedy == 'floor':
    values = jnp.maximum(values, margin.value)
  elif margin.remedy == 'mean':
    values = values + margin.value - margin_spec.mean_margin(values)
  return (
      np.asarray(values),
      found,
      [[names[c] for c in classes] for classes in chosen],
  )


def against_similarity(
    values: np.ndarray, similarities: np.ndarray
) -> mpl_figure.Figure:
  """Every pair's margin against its similarity, and a line through them."""
  x = np.asarray(margins.take_others(jnp.asarray(similarities))).ravel()
  y = np.asarray(margins.take_others(jnp.asarray(values))).ravel()
  slope = float(
      margin_spec.margin_slope(jnp.asarray(values), jnp.asarray(similarities))
  )
  figure = mpl_figure.Figure(figsize=(5.2, 3.8), layout='constrained')
  axis = figure.subplots()
  axis.scatter(x, y, s=6, alpha=0.35, linewidths=0)
  ends = np.array([x.min(), x.max()])
  axis.plot(ends, y.mean() + slope * (ends - x.mean()), color='black')
  axis.set_xlabel('semantic similarity of the two classes')
  axis.set_ylabel('margin')
  axis.set_title(f'slope {slope:.2f}', fontsize=10)
  return figure


def matrix(values: np.ndarray, names: list[str]) -> mpl_figure.Figure:
  """One task's margins: rows are true classes, columns those kept away."""
  figure = mpl_figure.Figure(figsize=(6.4, 4.8), layout='constrained')
  axis = figure.subplots()
  shown = np.where(np.eye(len(names), dtype=bool), np.nan, values)
  image = axis.imshow(shown, cmap='viridis')
  labels = [report.shorten(name, 24) for name in names]
  axis.set_xticks(range(len(names)), labels, rotation=40, ha='right')
  axis.set_yticks(range(len(names)), labels)
  for (i, j), value in np.ndenumerate(shown):
    if i != j:
      axis.text(j, i, f'{value:.2f}', ha='center', va='center', color='white')
  figure.colorbar(image, ax=axis, label='margin')
  return figure


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('workdir', type=pathlib.Path, help='of a finished run')
  parser.add_argument('--output', type=pathlib.Path, default=pathlib.Path('.'))
  options = parser.parse_args()
  runtime.start()
  values, similarities, names = learned(options.workdir)
  for name, figure in (
      ('margin_against_similarity', against_similarity(values, similarities)),
      ('margin_matrix', matrix(values[0], names[0])),
  ):
    report.save(figure, str(options.output / f'{name}.png'))
    print(options.output / f'{name}.png')


if __name__ == '__main__':
  main()
