"""Draws class activation maps of pooled and dense training side by side.

Figure 3 of Lifchitz, Avrithis, Picard, Bursuc. Dense classification and
implanting for few-shot learning. CVPR 2019, from two finished runs of one
experiment (dense_tables.py or dense_claims.py make them):

  python experiments/dense_implant/dense_figure.py \
      --config=configs/dense_fc100.py:quarter --workdir=runs/fc100

Base images are looked at for their class's template, novel ones for the mean of
five other images of their class, among the novel classes; shown are images that
both networks, the dense one alone or the pooled one alone classify correctly,
as far as there are some. Writes activations.png into the workdir.
"""

import os
from typing import Any, NamedTuple

import dense_runs
import jax.numpy as jnp
import numpy as np

from lsl_jax import data, report
from lsl_jax.ops import activation, pooling, similarity
from lsl_jax.pipeline import scripting
from lsl_jax.pipeline.problems import sources
from lsl_jax.pipeline.stages import features, phase1

_COLUMNS = {'pooling': 'gap', 'dense classification': 'dc'}
_SHOTS = 5
_SEEN = 200  # images of base and of novel classes each, at most


class Seen(NamedTuple):
  """What one network makes of the images looked at.

  Attributes:
    maps: of activation, `[m, H, W]`.
    correct: `[m]` bool.
  """

  maps: np.ndarray
  correct: np.ndarray


def look(
    config: Any,
    folder: str,
    problem: Any,
    support: np.ndarray,
    chosen: np.ndarray,
) -> Seen:
  """Runs a trained network over images.

  Args:
    config: of the run.
    folder: of the run, whose checkpoint is read.
    problem: base and novel classes.
    support: `[N, K]` indices of images from which novel templates are made.
    chosen: `[m]` indices of images.

  Returns:
    Maps, and whether the image's class is the best of its kind.
  """
  trained = phase1.train(config, problem, None, folder)
  run = lambda indices: jnp.asarray(
      features.outputs(
          config,
          trained.representation,
          trained.variables,
          problem,
          indices,
          ('map',),
      )['map']
  )
  novel = pooling.gap(run(support.reshape(-1)))
  novel = jnp.mean(novel.reshape(*support.shape, -1), 1)
  templates = jnp.concatenate([jnp.asarray(trained.templates), novel])
  labels = problem.labels[chosen]
  maps = run(chosen)
  scores = np.array(similarity.cosine_logits(pooling.gap(maps), templates))
  is_base = labels < problem.num_base
  # Base among base classes, novel among novel ones.
  scores[is_base, problem.num_base :] = -np.inf
  scores[~is_base, : problem.num_base] = -np.inf
  return Seen(
      np.asarray(activation.class_activation(maps, templates[labels])),
      scores.argmax(1) == labels,
  )


def choose(
    seen: dict[str, Seen], is_base: np.ndarray, number: int
) -> np.ndarray:
  """Positions of images: base and novel, both right, then one alone.

  Args:
    seen: by column, the pooled one first.
    is_base: `[m]` bool.
    number: of each kind.

  Returns:
    Positions, at most four times `number` of them.
  """
  pooled, dense = (some.correct for some in seen.values())
  kinds = (
      is_base & pooled & dense,
      ~is_base & pooled & dense,
      ~is_base & dense & ~pooled,
      ~is_base & pooled & ~dense,
  )
  return np.concatenate([np.flatnonzero(kind)[:number] for kind in kinds])


def main() -> None:
  parser = dense_runs.parser(__doc__)
  parser.add_argument('--number', type=int, default=2, help='of each kind')
  options = parser.parse_args()
  experiment, seed = dense_runs.experiment(options), options.seeds[0]
  folders = {
      title: experiment.finish(run, seed) for title, run in _COLUMNS.items()
  }
  configs = {
      title: experiment.config(run, seed) for title, run in _COLUMNS.items()
  }
  config = next(iter(configs.values()))
  problem = sources.load(config, next(iter(folders.values()))).problem
  rng = np.random.default_rng(seed)
  held_out = [
      rng.permutation(problem.indices(base=base, train=False))
      for base in (True, False)
  ]
  chosen = np.concatenate([some[:_SEEN] for some in held_out])
  pool = problem.indices(base=False, train=True)
  support = np.stack(
      [
          rng.permutation(pool[problem.labels[pool] == label])[:_SHOTS]
          for label in range(problem.num_base, problem.num_classes)
      ]
  )
  seen = {
      title: look(configs[title], folders[title], problem, support, chosen)
      for title in _COLUMNS
  }
  is_base = problem.labels[chosen] < problem.num_base
  shown = choose(seen, is_base, options.number)
  figure = report.activation_maps(
      list(
          data.to_array(
              problem.images,
              chosen[shown],
              size=config.data.size,
              resize=config.data.resize,
              keep_aspect=config.data.keep_aspect,
          )
      ),
      {title: some.maps[shown] for title, some in seen.items()},
      [problem.class_names[label] for label in problem.labels[chosen[shown]]],
      correct={
          title: some.correct[shown].tolist() for title, some in seen.items()
      },
  )
  path = os.path.join(options.workdir, 'activations.png')
  report.save(figure, path)
  print(f'Written to {path}')


if __name__ == '__main__':
  scripting.start(main)
