"""The steps of generator and codes that cglo.py times, and its sizes.

jax is imported by what computes, since programs start themselves anew first.
"""

import dataclasses
import functools
import time
from typing import Any


@dataclasses.dataclass(frozen=True)
class Sizes:
  """What is measured; the defaults are the paper's.

  Attributes:
    size: side of the images.
    batch: images a step.
    codes: of the generator's step, and that new images are made from.
    generator: width of the generator.
    weak: width of the weak classifier.
    blocks: of the weak classifier; 0 for no such classifier.
    vgg: width of VGG-16, the measure; 0 for the Laplacian pyramid instead.
    levels: of the pyramid.
    depth: of WideResNet; if below 10, blocks of Conv-4 instead.
    width: of WideResNet, or Conv-4.
    classes: C.
    repeats: steps that are timed.
    many: numbers of codes.
  """

  size: int = 32
  batch: int = 128
  codes: int = 1000
  generator: int = 64
  weak: int = 64
  blocks: int = 4
  vgg: int = 64
  levels: int = 3
  depth: int = 28
  width: int = 10
  classes: int = 100
  repeats: int = 5
  many: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)


# What takes longest is to compile, so that there are few layers.
QUICK = Sizes(
    size=8,
    batch=4,
    codes=16,
    generator=2,
    blocks=0,
    vgg=0,
    levels=1,
    depth=1,
    width=2,
    classes=4,
    repeats=2,
    many=(16,),
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


def generation(sizes: Sizes):
  """The model, its measure, optimisers and a batch."""
  import jax
  import numpy as np
  import optax

  from lsl_jax import models, synthesis
  from lsl_jax.models import perceptual

  classifier = models.WeakClassifier(
      sizes.classes, width=sizes.weak, depth=sizes.blocks
  )
  model = synthesis.Generation(
      generator=models.NoisyGenerator(
          models.ConvolutionalGenerator(size=sizes.size, width=sizes.generator)
      ),
      classifier=classifier if sizes.blocks else None,
  )
  measure = perceptual.pyramid(sizes.levels)
  shape = (sizes.batch, sizes.size, sizes.size, 3)
  images = jax.device_put(np.random.default_rng(0).random(shape, np.float32))
  if sizes.vgg:
    backbone = models.VGG16(width=sizes.vgg)
    variables = jax.jit(lambda k, x: backbone.init(k, x, train=False))(
        jax.random.key(1), images[:1]
    )
    measure = perceptual.vgg16(backbone, variables)
  group = synthesis.Group(optax.scale_by_adam(0.5), lambda step: -7e-4)
  return model, measure, {'generator': group, 'classifier': group}, images


def generator_program(
    sizes: Sizes, count: int, parts: int = 1
) -> tuple[Any, Any]:
  """A step of cGLO with so many codes, and its first state.

  Args:
    sizes: of networks and batch.
    count: of codes.
    parts: that codes and batch are divided into, each on a device of its own.

  Returns:
    `run(state) -> (state, metrics)`, and a state.
  """
  import jax
  import numpy as np

  from lsl_jax import synthesis, training
  from lsl_jax.synthesis import codes as codes_lib
  from lsl_jax.synthesis import step as step_lib

  model, measure, groups, images = generation(sizes)
  mesh = training.sharding.mesh(jax.devices()[:parts])
  divided = training.sharding.divided(mesh)
  values = synthesis.sphere(jax.random.key(2), count)
  variables = jax.jit(model.init)(jax.random.key(3), values[:2])
  step = synthesis.make_step(model, groups, code_rate=lambda step: 1e-3)
  each = sizes.batch // parts
  labels = np.arange(parts * each, dtype=np.int32) % sizes.classes
  rng = np.random.default_rng(4)
  rows = [rng.permutation(count // parts)[:each] for _ in range(parts)]
  batch = synthesis.Batch(
      images[: parts * each].reshape(parts, each, *images.shape[1:]),
      jax.device_put(labels.reshape(parts, each)),
      jax.device_put(np.stack(rows).astype(np.int32)),
  )
  codes = jax.device_put(codes_lib.create(values, parts=parts), divided)
  whole = training.sharding.replicated(mesh)
  state = jax.tree.map(
      lambda leaf: jax.device_put(leaf, whole),
      step_lib.create(variables, codes, groups),
  )
  state = dataclasses.replace(state, codes=codes)
  key, measure = jax.device_put((jax.random.key(5), measure), whole)
  batch = jax.device_put(batch, divided)

  def run(state, batch, key, measure):
    after, metrics = step(state, batch, key, measure)
    codes = jax.lax.with_sharding_constraint(after.codes, divided)
    return dataclasses.replace(after, codes=codes), metrics

  program = jax.jit(run, donate_argnums=0)
  return lambda state: program(state, batch, key, measure), state


def generator_step(sizes: Sizes, count: int) -> list[float]:
  """Seconds of a step of cGLO with so many codes."""
  return timed(*generator_program(sizes, count), sizes.repeats)


def dense_step(sizes: Sizes, count: int) -> list[float]:
  """The same with an Adam over all codes, of which most have no gradient."""
  import jax
  import numpy as np
  import optax

  from lsl_jax import ops, synthesis

  model, measure, _, images = generation(sizes)
  adam = optax.adam(1e-3, 0.5)
  codes = synthesis.sphere(jax.random.key(2), count)
  variables = jax.jit(model.init)(jax.random.key(3), codes[:2])
  others = {k: v for k, v in variables.items() if k != 'params'}
  labels = jax.device_put(np.arange(sizes.batch, dtype='i') % sizes.classes)
  rows = np.random.default_rng(4).permutation(count)[: sizes.batch]

  def loss(params):
    codes, networks = params
    return model.loss(
        networks,
        others,
        codes[rows],
        images,
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
