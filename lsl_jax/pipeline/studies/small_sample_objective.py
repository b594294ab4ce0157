"""What trains the classifier: plainly, with cGLO, or by MixMatch."""

from typing import Any

import jax

from lsl_jax import representation as representations
from lsl_jax import synthesis, training, types
from lsl_jax.data.augmentation import augment, augment_spec
from lsl_jax.pipeline.cglo import cglo
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.problems import samples
from lsl_jax.pipeline.problems.problem import Problem
from lsl_jax.pipeline.stages import fitting


def make(config: Any, problem: Problem) -> types.Representation:
  """What trains the classifier; one for all seeds, so that it compiles once."""
  axis_name = training.AXIS_NAMES[config.executor]
  task, spec = config.small_sample, config.mixmatch
  if task.method == 'mixmatch':
    network = registry.make_network(config, problem.num_classes, axis_name)
    count = problem.num_classes * task.shots * samples.repetitions(config)
    train = config.train
    steps = train.iterations or train.epochs * count / train.batch_size
    return representations.mixmatch(
        network,
        views=spec.views,
        temperature=spec.temperature,
        alpha=spec.alpha,
        unlabelled_weight=spec.unlabelled_weight,
        ramp_steps=max(1, round(spec.ramp * steps)),
        average=spec.average,
    )
  representation = registry.make_representation(
      config, problem.num_classes, axis_name
  )
  if task.method == 'plain':
    return representation
  sampling = config.synthesis
  return synthesis.with_synthesis(
      representation,
      generate=cglo.make_generation(config, problem.num_classes).generate,
      present=_present(config),
      probability=sampling.probability,
      per_batch=sampling.per_batch,
      interpolation=sampling.interpolation,
      amounts=tuple(sampling.amounts),
      one_amount=sampling.one_amount,
      itself=sampling.itself,
  )


def _present(config: Any) -> synthesis.replacement.Present:
  """New images as the classifier sees real ones, or only cropped."""
  normalisation = fitting.normalisation(config)
  if config.synthesis.augment:
    spec = fitting.augmentation(config)
  elif config.cglo.size and config.cglo.size != config.data.size:
    spec = augment_spec.Spec(crop='centre', size=config.data.size)
  else:
    spec = augment_spec.Spec()

  def present(key, images):
    views = augment.batch(
        jax.random.split(key, len(images)), 255 * images, spec
    )
    return augment.normalise(views, **normalisation)

  return present
