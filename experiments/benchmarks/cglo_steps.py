"""The steps that cglo.py times: of generator, codes and classifier.

jax is imported by what computes, since programs start themselves anew first.
"""

import dataclasses
import functools
import time
from typing import Any


@dataclasses.dataclass(frozen=True)
class Sizes:
  """What is measured; the defaults are the paper's."""

  batch: int = 128
  codes: int = 1000
  generator: int = 64
  weak: int = 64
  vgg: int = 64
  depth: int = 28
  width: int = 10
  classes: int = 100
  repeats: int = 5
  many: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)


QUICK = Sizes(
    batch=4,
    codes=16,
    generator=2,
    weak=2,
    vgg=1,
    depth=10,
    width=1,
    classes=4,
    repeats=2,
    many=(64, 512),
)


def in_turn(
    programs: dict[str, tuple[Any, Any]], repeats: int
) -> dict[str, list[float]]:
  """Seconds of programs' steps, which take turns: noise hits all alike.

  Args:
    programs: by name, `run(state) -> (state, metrics)` and its first state.
    repeats: steps that count, behind two that do not.

  Returns:
    Those of each, by name.
  """
  import jax

  states = {name: state for name, (_, state) in programs.items()}
  seconds = {name: [] for name in programs}
  for _ in range(repeats + 2):
    for name, (run, _) in programs.items():
      start = time.perf_counter()
      states[name], metrics = run(states[name])
      jax.block_until_ready((states[name], metrics))
      seconds[name].append(time.perf_counter() - start)
  return {name: taken[2:] for name, taken in seconds.items()}


def timed(run: Any, state: Any, repeats: int) -> list[float]:
  """Seconds of one program's steps, see `in_turn`."""
  return in_turn({'': (run, state)}, repeats)['']


def generation(sizes: Sizes, vgg: bool = True):
  """The model, its measure, optimisers and a batch."""
  import jax
  import optax

  from lsl_jax import models, synthesis
  from lsl_jax.models import perceptual

  model = synthesis.Generation(
      generator=models.NoisyGenerator(
          models.ConvolutionalGenerator(size=32, width=sizes.generator)
      ),
      classifier=models.WeakClassifier(sizes.classes, width=sizes.weak),
  )
  measure = perceptual.pyramid(3)
  images = jax.random.uniform(jax.random.key(0), (1, sizes.batch, 32, 32, 3))
  if vgg:
    backbone = models.VGG16(width=sizes.vgg)
    variables = jax.jit(lambda k, x: backbone.init(k, x, train=False))(
        jax.random.key(1), images[0, :1]
    )
    measure = perceptual.vgg16(backbone, variables)
  group = synthesis.Group(optax.scale_by_adam(0.5), lambda step: -7e-4)
  return model, measure, {'generator': group, 'classifier': group}, images


def generator_step(sizes: Sizes, count: int, vgg: bool = True) -> list[float]:
  """A step of cGLO with so many codes."""
  import jax
  import jax.numpy as jnp

  from lsl_jax import synthesis
  from lsl_jax.synthesis import codes as codes_lib
  from lsl_jax.synthesis import step as step_lib

  model, measure, groups, images = generation(sizes, vgg)
  codes = codes_lib.create(synthesis.sphere(jax.random.key(2), count))
  variables = jax.jit(model.init)(jax.random.key(3), codes.values[0, :2])
  state = step_lib.create(variables, codes, groups)
  step = synthesis.make_step(model, groups, code_rate=lambda step: 1e-3)
  labels = jnp.arange(sizes.batch)[None] % sizes.classes
  rows = jax.random.permutation(jax.random.key(4), count)[None, : sizes.batch]
  batch = synthesis.Batch(images, labels, rows)
  run = jax.jit(step, donate_argnums=0)
  key = jax.random.key(5)
  return timed(lambda s: run(s, batch, key, measure), state, sizes.repeats)


def dense_step(sizes: Sizes, count: int) -> list[float]:
  """The same with an Adam over all codes, of which most have no gradient."""
  import jax
  import jax.numpy as jnp
  import optax

  from lsl_jax import ops, synthesis

  model, measure, _, images = generation(sizes, vgg=False)
  adam = optax.adam(1e-3, 0.5)
  codes = synthesis.sphere(jax.random.key(2), count)
  variables = jax.jit(model.init)(jax.random.key(3), codes[:2])
  others = {k: v for k, v in variables.items() if k != 'params'}
  labels = jnp.arange(sizes.batch) % sizes.classes
  rows = jax.random.permutation(jax.random.key(4), count)[: sizes.batch]

  def loss(params):
    codes, networks = params
    return model.loss(
        networks,
        others,
        codes[rows],
        images[0],
        labels,
        jax.random.key(5),
        measure,
    )

  @functools.partial(jax.jit, donate_argnums=0)
  def run(state):
    params, memory = state
    (value, _), gradients = jax.value_and_grad(loss, has_aux=True)(params)
    updates, memory = adam.update(gradients, memory)
    new: Any = optax.apply_updates(params, updates)
    return ((ops.unit(new[0]), new[1]), memory), value

  params = codes, variables['params']
  return timed(run, (params, adam.init(params)), sizes.repeats)


def classifier_steps(
    sizes: Sizes,
) -> tuple[dict[str, list[float]], dict[str, int]]:
  """Steps of the classifier: seconds, and bytes that their programs need."""
  made = {
      'classifier': _classifier(sizes, synthetic=False),
      'classifier with synthesis': _classifier(sizes, synthetic=True),
  }
  seconds = in_turn(
      {name: (run, state) for name, (run, state, _) in made.items()},
      sizes.repeats,
  )
  return seconds, {name: memory for name, (_, _, memory) in made.items()}


def _classifier(sizes: Sizes, synthetic: bool) -> tuple[Any, Any, int]:
  """A step of the classifier, its first state, and its temporary bytes."""
  import jax
  import jax.numpy as jnp
  import numpy as np

  from lsl_jax import models, synthesis, training, types
  from lsl_jax import representation as representations

  network = models.build(
      {
          'backbone': 'wide_resnet',
          'options': {
              'depth': sizes.depth,
              'width': sizes.width,
              'dropout': 0.3,
          },
          'num_classes': sizes.classes,
          'head': 'linear',
          'use_bias': True,
      }
  )
  plain = representations.softmax(network)
  images = jax.random.normal(jax.random.key(0), (sizes.batch, 32, 32, 3))
  labels = jnp.arange(sizes.batch) % sizes.classes
  frozen: tuple[Any, ...] = ()
  trained = plain
  if synthetic:
    model, *_ = generation(sizes, vgg=False)
    codes = synthesis.sphere(jax.random.key(2), sizes.codes)
    classes = np.arange(sizes.codes) % sizes.classes
    bank = synthesis.make_bank(codes, classes, sizes.classes)
    variables = jax.jit(model.init)(jax.random.key(3), codes[:2])
    frozen = (model.of_generator(variables), bank)
    labels = jnp.arange(sizes.batch) % sizes.codes
    trained = synthesis.with_synthesis(
        plain,
        generate=model.generate,
        present=lambda key, images: 2 * images - 1,
    )
  optimizer = training.optimizer.make(
      {'name': 'sgd', 'learning_rate': 0.1, 'momentum': 0.9, 'nesterov': True},
      steps_per_epoch=100,
      num_steps=1000,
  )
  variables = jax.jit(plain.init)(jax.random.key(1), images[:1])
  state = training.TrainState.create(variables, optimizer)
  batch, key = types.Batch(images, labels), jax.random.key(6)
  step = jax.jit(training.make_step(trained.loss, optimizer), donate_argnums=0)
  program = step.lower(state, batch, key, *frozen).compile()
  facts = program.memory_analysis()
  memory = getattr(facts, 'temp_size_in_bytes', 0)
  return lambda s: program(s, batch, key, *frozen), state, memory
