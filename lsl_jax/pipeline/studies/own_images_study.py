"""A user's own images: how well they are told apart, and a recogniser of them.

No network is trained. Every class is novel; its images give features of a
pretrained backbone, on which any learner of the registry is tested.
"""

from collections.abc import Mapping
import os
from typing import Any, NamedTuple

from absl import logging
import jax
import jax.numpy as jnp
import numpy as np

from lsl_jax import data, evaluation, models, recogniser, types
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import own_images_source
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import feature_learners
from lsl_jax.pipeline.studies import (
    config_checks,
    outputs,
    own_images_base,
    own_images_recogniser,
    own_images_report,
)
from lsl_jax.pipeline.studies.study import Outcome

RECOGNISER = 'recogniser.safetensors'
# What learners may need: base classes are in no label space, so there are no
# examples of them in it, and a config's own numbers are taken where there is
# nothing to choose them on.
_NEEDS = {'base_examples', 'tuning'}
_NEEDS_OF_BASE = {'generation', 'matching', 'regression'}


class Tested(NamedTuple):
  """One learner, fitted on all training images.

  Attributes:
    predicted: `[Q]` classes of the test images.
    scores: `[Q, N]` its logits.
    interval: of the share of test images that it names rightly.
  """

  predicted: np.ndarray
  scores: np.ndarray
  interval: tuple[float, float, float]


def check(config: Any) -> None:
  """Refuses what own images cannot have, and what no run can.

  Raises:
    ValueError: names the key and what is accepted.
  """
  config_checks.check(config)
  accepted, with_base = (
      [
          name
          for name, entry in registry.LEARNERS.items()
          if entry.consumes in ('features', 'views') and {*entry.needs} <= needs
      ]
      for needs in (_NEEDS, _NEEDS | _NEEDS_OF_BASE)
  )
  for name in config.learners:
    if name not in with_base:
      raise ValueError(
          f'learner {name!r} trains a network, or needs what own images do not'
          f' have; accepted are {", ".join(with_base)}'
      )
    if name not in accepted and not config.own_images.base:
      raise ValueError(
          f'learner {name!r} learns from base classes: set own_images.base to a'
          ' folder of other classes with many images each; accepted without'
          f' one are {", ".join(accepted)}'
      )
  if not config.model.pretrained:
    raise ValueError(
        "model.pretrained must be 'efficientnet_lite0' or a torchvision or timm"
        f' file for {config.model.backbone!r}: own images train no network'
    )
  if config.model.embedding is not None:
    raise ValueError(
        'model.embedding must be None: an embedding layer would be untrained'
    )
  if not 0 < config.own_images.keep < 1:
    raise ValueError(
        'own_images.keep must lie between 0 and 1, not'
        f' {config.own_images.keep}'
    )


def run(config: Any, workdir: str) -> Outcome | None:
  """Tests every learner, writes the report and the recogniser.

  Args:
    config: the whole config.
    workdir: of the run.

  Returns:
    The outcome; None in all processes but the first.
  """
  if jax.process_index() != 0:  # a few images are no work for several
    return None
  problem, names = own_images_source.load(config)
  config = _with_possible_shots(config, problem)
  task = task_lib.make_task(config, problem)
  trained = _pretrained(config)
  if config.own_images.base:
    task, trained = own_images_base.attach(config, task, trained, workdir)
  accuracies, tested = {}, {}
  if len(task.queries):
    accuracies = feature_learners.accuracies(
        config, task, trained, config.learners, workdir
    )
    tested = {
        name: _test(config, task, trained, name, workdir)
        for name in config.learners
    }
  rows = outputs.rows(config, accuracies, [])
  figures = outputs.figures(config, task, rows, [], workdir) if rows else []
  outputs.write_trials(workdir, accuracies)
  known = own_images_recogniser.make(config, task, trained, names, workdir)
  recogniser.write(os.path.join(workdir, RECOGNISER), known)
  own_images_report.write(config, task, rows, tested, known, figures, workdir)
  return Outcome(
      rows,
      figures,
      f'{problem.name}: {problem.num_novel} classes of own images',
      _note(config, task, tested),
      {
          'data': problem.name,
          'num_novel': problem.num_novel,
          'queries': len(task.queries),
          'draws': config.evaluation.draws,
          'draws_hash': data.episode_hash(task.draws),
          'all_training_images': {
              name: dict(
                  zip(('accuracy', 'low', 'high'), t.interval, strict=True)
              )
              for name, t in tested.items()
          },
          'unknown_below': recogniser.threshold(known),
      },
  )


def _with_possible_shots(config: Any, problem: Any) -> Any:
  """The numbers of shots that every class has training images for."""
  train = problem.labels[problem.is_train & (problem.labels >= 0)]
  least = int(np.bincount(train, minlength=problem.num_novel).min())
  own = config.copy_and_resolve_references()
  possible = [n for n in config.evaluation.shots if n <= least] or [1]
  if len(possible) < len(config.evaluation.shots):
    logging.warning(
        'The smallest class has %d training images; evaluated are %s of'
        ' evaluation.shots.',
        least,
        possible,
    )
  with own.unlocked():
    own.evaluation.shots = tuple(possible)
  return own


def _pretrained(config: Any) -> Trained:
  """The backbone as it is, without a class of its own."""
  representation = registry.make_representation(config, 1, None)
  size = config.data.size
  # Shapes only: all that matters is read, so no initialiser is compiled.
  shapes = jax.eval_shape(
      representation.init, jax.random.key(0), jnp.zeros((1, size, size, 3))
  )
  variables = jax.tree.map(
      lambda leaf: (
          jnp.zeros(leaf.shape, leaf.dtype)
          if isinstance(leaf, jax.ShapeDtypeStruct)
          else leaf
      ),
      models.load_pretrained(
          config.model.pretrained, config.model.backbone, shapes
      ),
  )
  width = variables['params']['classifier']['templates'].shape[1]
  return Trained(
      representation,
      variables,
      np.zeros((0, width), np.float32),
      np.float32(config.model.scale),
      np.zeros((0, width), np.float32),
  )


def _test(
    config: Any, task: task_lib.Task, trained: Trained, name: str, workdir: str
) -> Tested:
  """Fits a learner on all training images, and asks it for the others."""
  kind = registry.LEARNERS[name].consumes
  stored = lambda which, indices: jnp.asarray(
      feature_learners.stored(config, task, trained, workdir, which, indices)
  )
  learner = feature_learners.make(
      name, feature_learners.context(config, task, trained, [name], workdir)
  )
  classifier = learner.fit(
      task_lib.key_for(config.seed, task_lib.TEMPLATES),
      types.Base(jnp.asarray(trained.templates)),
      types.Support(
          stored(f'pool_{kind}', task.pool),
          jnp.asarray(task.pool_labels),
          task.num_novel,
      ),
  )
  scores = np.asarray(
      learner.predict(classifier, stored('queries', task.queries))
  )
  predicted = np.argmax(scores, axis=1)
  right = int((predicted == task.query_labels).sum())
  return Tested(
      predicted,
      scores,
      evaluation.proportion_interval(right, len(predicted)),
  )


def _note(
    config: Any, task: task_lib.Task, tested: Mapping[str, Tested]
) -> str:
  if not tested:
    return (
        'Nothing could be tested: every class has a single image. The'
        f' recogniser of all images is {RECOGNISER}.'
    )
  shares = '; '.join(
      f'{registry.LEARNERS[name].title} {own_images_report.percent(t.interval)}'
      for name, t in tested.items()
  )
  return (
      f'Accuracy on {len(task.queries)} test images of {task.num_novel}'
      f' classes: mean and 95 % interval over {config.evaluation.draws} draws'
      f' of the images that are learned from, seed {config.seed}. Learned from'
      f' all {len(task.pool)} training images, with the 95 % interval of a'
      f' share of so many test images: {shares}. report.html shows them;'
      f' {RECOGNISER} is the recogniser of all images.'
  )
