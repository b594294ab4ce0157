"""The steps of the classifier that cglo.py times, and what memory they need.

jax is imported by what computes, since programs start themselves anew first.
"""

from typing import Any

import cglo_steps  # pyrefly: ignore[missing-import]


def steps(
    sizes: cglo_steps.Sizes,
) -> tuple[dict[str, list[float]], dict[str, int]]:
  """Steps of the classifier: seconds, and bytes that their programs need."""
  made = {
      'classifier': _classifier(sizes, synthetic=False),
      'classifier with synthesis': _classifier(sizes, synthetic=True),
  }
  seconds = cglo_steps.in_turn(
      {name: (run, state) for name, (run, state, _) in made.items()},
      sizes.repeats,
  )
  return seconds, {name: memory for name, (_, _, memory) in made.items()}


def _classifier(
    sizes: cglo_steps.Sizes, synthetic: bool
) -> tuple[Any, Any, int]:
  """A step of the classifier, its first state, and its temporary bytes."""
  import jax
  import numpy as np

  from lsl_jax import models, synthesis, training, types
  from lsl_jax import representation as representations

  wide = {'dropout': 0.3} if sizes.depth >= 10 else {}
  network = models.build(
      {
          'backbone': 'wide_resnet' if wide else 'conv4',
          'options': {'depth': sizes.depth, 'width': sizes.width, **wide},
          'num_classes': sizes.classes,
          'head': 'linear',
          'use_bias': True,
      }
  )
  plain = representations.softmax(network)
  shape = (sizes.batch, sizes.size, sizes.size, 3)
  images = np.random.default_rng(0).standard_normal(shape, np.float32)
  labels = np.arange(sizes.batch, dtype=np.int32) % sizes.classes
  frozen: tuple[Any, ...] = ()
  trained = plain
  if synthetic:
    model, *_ = cglo_steps.generation(sizes)
    codes = synthesis.sphere(jax.random.key(2), sizes.codes)
    classes = np.arange(sizes.codes) % sizes.classes
    bank = synthesis.make_bank(codes, classes, sizes.classes)
    variables = jax.jit(model.init)(jax.random.key(3), codes[:2])
    frozen = (model.of_generator(variables), bank)
    labels = np.arange(sizes.batch, dtype=np.int32) % sizes.codes
    trained = synthesis.with_synthesis(
        plain, generate=model.generate, present=present
    )
  optimizer = training.optimizer.make(
      {'name': 'sgd', 'learning_rate': 0.1, 'momentum': 0.9, 'nesterov': True},
      steps_per_epoch=100,
      num_steps=1000,
  )
  variables = jax.jit(plain.init)(jax.random.key(1), images[:1])
  state = training.TrainState.create(variables, optimizer)
  batch = types.Batch(*jax.device_put((images, labels)))
  key = jax.random.key(6)
  step = jax.jit(training.make_step(trained.loss, optimizer), donate_argnums=0)
  program = step.lower(state, batch, key, *frozen).compile()
  facts = program.memory_analysis()
  memory = getattr(facts, 'temp_size_in_bytes', 0)
  return lambda s: program(s, batch, key, *frozen), state, memory


def present(key: Any, images: Any) -> Any:
  """New images as runs of configs/cglo_cifar100.py show them the classifier."""
  import jax

  from lsl_jax.data.augmentation import augment, augment_spec
  from lsl_jax.pipeline.stages import fitting

  side = images.shape[1]
  spec = augment_spec.Spec(crop='random', size=side, padding=4, flip=True)
  keys = jax.random.split(key, len(images))
  mean, std = fitting.NORMALISATIONS['cifar100']
  return augment.normalise(
      augment.batch(keys, 255 * images, spec), mean=mean, std=std
  )
