"""Pictures of a trained cGLO: reconstructions and what lies between codes.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020, figures 4 and 5.
"""

import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import report, synthesis
from lsl_jax.pipeline.cglo import cglo
from lsl_jax.pipeline.problems.problem import Problem

_COLUMNS = 12
_BETWEEN = 7  # new images a row, as in the paper
_LINES = 8


def figures(
    trained: cglo.Trained,
    bank: synthesis.Bank,
    problem: Problem,
    config: Any,
    workdir: str,
) -> list[str]:
  """Draws reconstructions below their images, and rows of interpolation.

  Args:
    trained: generator and codes.
    bank: the same codes, sorted by class.
    problem: for the classes' names.
    config: the whole config.
    workdir: figures go into its folder `figures`.

  Returns:
    Paths of the figures relative to the workdir.
  """
  chosen = np.linspace(0, len(bank.labels) - 1, _COLUMNS).round().astype(int)
  drawn = {
      'reconstructions': report.picture_rows(
          [list(trained.images[chosen]), list(reconstruct(trained, chosen))],
          ['image', 'reconstruction'],
      )
  }
  labels = np.asarray(bank.labels)
  classes = [c for c in np.unique(labels) if (labels == c).sum() > 1]
  if classes:
    spread = np.linspace(0, len(classes) - 1, min(_LINES, len(classes)))
    classes = [classes[i] for i in spread.round().astype(int)]
    pairs = np.array([np.flatnonzero(labels == c)[:2] for c in classes])
    drawn['interpolations'] = report.picture_rows(
        interpolate(trained, pairs, config.synthesis.interpolation),
        [problem.class_names[c] for c in classes],
        title=f'{config.synthesis.interpolation} between two images of a class',
    )
  paths = []
  for name, figure in drawn.items():
    paths.append(os.path.join('figures', f'{name}.png'))
    report.save(figure, os.path.join(workdir, paths[-1]))
  return paths


def reconstruct(trained: cglo.Trained, chosen: np.ndarray) -> np.ndarray:
  """Images of known codes, `[m, S, S, 3]` in 0 .. 1."""
  return _generate(trained, jnp.asarray(trained.codes[chosen]))


def interpolate(
    trained: cglo.Trained, pairs: np.ndarray, interpolation: str
) -> list[list[np.ndarray]]:
  """Rows of images from one code of each pair to the other.

  Args:
    trained: generator and codes.
    pairs: `[m, 2]` positions in the sample.
    interpolation: a name of `synthesis.INTERPOLATIONS`.

  Returns:
    m rows: a reconstruction, seven new images, the other reconstruction.
  """
  amounts = jnp.linspace(0, 1, _BETWEEN + 2)
  between = synthesis.INTERPOLATIONS[interpolation]
  ends = jnp.asarray(trained.codes[pairs])
  along = jax.vmap(between, (None, None, 0))
  codes = jax.vmap(along, (0, 0, None))(ends[:, 0], ends[:, 1], amounts)
  images = _generate(trained, codes.reshape(-1, codes.shape[-1]))
  return [list(row) for row in np.split(images, len(pairs))]


def _generate(trained: cglo.Trained, codes: jax.Array) -> np.ndarray:
  """Images of codes, `[m, S, S, 3]`, with noise that is the same each time."""
  generate = jax.jit(trained.generation.generate)
  return np.asarray(generate(trained.variables, codes, jax.random.key(0)))
