"""Mined analogies as pictures: Figure 2 of Hariharan and Girshick."""

import os
from typing import Any

import numpy as np

from lsl_jax import report
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import hallucination_phases as phases

_ROWS, _IMAGES = 8, 4
_TITLES = ('from, class a', 'to, class a', 'from, class b', 'to, class b')


def figures(
    config: Any, task: task_lib.Task, trained: Trained, workdir: str
) -> list[str]:
  """Draws the analogies of the highest cosine, one for each class a.

  Args:
    config: the whole config.
    task: what was learned.
    trained: phase 1's network.
    workdir: where the phases are kept and figures go.

  Returns:
    Paths of the figures relative to the workdir.
  """
  centroids = phases.centroids(config, task, trained, workdir)
  mined = phases.analogies(config, centroids, workdir)
  rows, labels = phases.all_base_examples(config, task, trained, workdir)
  indices = task.problem.indices(base=True, train=True)
  per_class = centroids.shape[1]
  chosen = _best(mined.quadruples, mined.cosine, per_class)
  if not len(chosen):
    return []
  nearest = [
      [
          indices[_nearest(rows, labels, place // per_class, centre)]
          for place, centre in zip(
              quadruple,
              centroids.reshape(-1, rows.shape[1])[quadruple],
              strict=True,
          )
      ]
      for quadruple in mined.quadruples[chosen]
  ]
  pictures = problem_lib.crops(config, task.problem, np.array(nearest))
  names = task.problem.class_names
  captions = [
      f'{names[q[0] // per_class]} : {names[q[2] // per_class]}'
      f' (cosine {cosine:.2f})'
      for q, cosine in zip(
          mined.quadruples[chosen], mined.cosine[chosen], strict=True
      )
  ]
  figure = report.mosaic(
      pictures,
      columns=_TITLES,
      rows=captions,
  )
  path = os.path.join('figures', 'analogies.png')
  report.save(figure, os.path.join(workdir, path))
  return [path]


def _best(quadruples: np.ndarray, cosine: np.ndarray, count: int) -> np.ndarray:
  """The best analogies of different classes a, none of them twice.

  An analogy that is mined from both of its sides is the same picture.
  """
  chosen: list[int] = []
  classes, seen = set(), set()
  for place in np.argsort(-cosine, kind='stable'):
    own, same = quadruples[place, 0] // count, frozenset(quadruples[place])
    if own not in classes and same not in seen:
      chosen.append(int(place))
      classes.add(own)
    seen.add(same)
    if len(chosen) == _ROWS:
      break
  return np.array(chosen, int)


def _nearest(rows, labels, own, centre) -> np.ndarray:
  """Places of the class's features nearest to a centroid, `[_IMAGES]`."""
  among = np.flatnonzero(labels == own)
  distances = np.sum((rows[among] - centre) ** 2, -1)
  order = np.argsort(distances, kind='stable')[:_IMAGES]
  return among[np.resize(order, _IMAGES)]
