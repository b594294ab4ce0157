"""cGLO: its step, the classifier's step that it feeds, and its codes' cost.

  python experiments/benchmarks/cglo.py

Times whole training steps of the paper's networks for CIFAR-100: the generator,
its weak classifier and their codes with VGG-16 as the measure (random weights
cost the same), and WideResNet-28-10 with and without images that are made
inside of its step. Then the generator's step with up to a million codes, beside
an Adam that updates all of them. Where PyTorch can be imported, or with
--torch=PYTHON of an environment that has it, the same steps there, in a process
of its own. Prints tables and writes cglo.json and cglo.md into --output.
"""

import argparse
import dataclasses
import functools
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys
import time
from typing import Any

import machine  # pyrefly: ignore[missing-import]

HERE = pathlib.Path(__file__).parent


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


def timed(run: Any, state: Any, repeats: int) -> list[float]:
  """Seconds of steps that follow one another, after two that do not count."""
  import jax

  seconds = []
  for _ in range(repeats + 2):
    start = time.perf_counter()
    state, metrics = run(state)
    jax.block_until_ready((state, metrics))
    seconds.append(time.perf_counter() - start)
  return seconds[2:]


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


def classifier_step(
    sizes: Sizes, synthetic: bool
) -> tuple[list[float], dict[str, int]]:
  """A step of the classifier: seconds, and bytes that its program needs."""
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
  memory = {'temporary': getattr(facts, 'temp_size_in_bytes', 0)}
  seconds = timed(
      lambda s: program(s, batch, key, *frozen), state, sizes.repeats
  )
  return seconds, memory


def measure(sizes: Sizes, torch: str | None) -> dict[str, Any]:
  """All of it."""
  from lsl_jax.pipeline import runtime

  runtime.start()
  import jax

  plain, plain_memory = classifier_step(sizes, synthetic=False)
  fed, fed_memory = classifier_step(sizes, synthetic=True)
  result: dict[str, Any] = {
      'sizes': dataclasses.asdict(sizes),
      'device': jax.devices()[0].device_kind,
      'lsl_jax': {
          'generator': generator_step(sizes, sizes.codes),
          'classifier': plain,
          'classifier with synthesis': fed,
      },
      'temporary memory': {
          'classifier': plain_memory['temporary'],
          'classifier with synthesis': fed_memory['temporary'],
      },
      'many codes': {
          str(count): {
              'rows': generator_step(sizes, count, vgg=False),
              'all': dense_step(sizes, count),
          }
          for count in sizes.many
      },
  }
  if torch:
    outcome = subprocess.run(
        [torch, str(HERE / 'torch_cglo.py'), json.dumps(result['sizes'])],
        capture_output=True,
        text=True,
        check=False,
    )
    if outcome.returncode:
      raise RuntimeError(f'{torch}: {outcome.stderr.strip()[-400:]}')
    result['PyTorch'] = json.loads(outcome.stdout)
  return result


def as_markdown(result: dict[str, Any]) -> str:
  """Tables: images a second, the share of synthesis, the codes' cost."""
  best, batch = min, result['sizes']['batch']
  lines = ['# cGLO: steps', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  lines += [f'- device: {result["device"]}', '']
  lines += [
      f'Batches of {batch} images, the fastest of'
      f' {result["sizes"]["repeats"]} steps (in brackets the median):',
      '',
      '| step | program | ms | images a second |',
      '|---|---|---|---|',
  ]
  for program in ('lsl_jax', 'PyTorch'):
    for name, seconds in result.get(program, {}).items():
      if isinstance(seconds, list):
        lines.append(
            f'| {name} | {program} | {1e3 * best(seconds):.1f}'
            f' ({1e3 * statistics.median(seconds):.1f}) |'
            f' {batch / best(seconds):.1f} |'
        )
  ours = result['lsl_jax']
  share = 1 - best(ours['classifier']) / best(ours['classifier with synthesis'])
  memory = result['temporary memory']
  lines += [
      '',
      f'Synthesis takes {100 * share:.1f} % of a step that has it. Temporary'
      f' memory: {memory["classifier with synthesis"] / 1e6:.1f} MB, without'
      f' synthesis {memory["classifier"] / 1e6:.1f} MB; no generated image is'
      ' kept, so that it does not grow with their number.',
      '',
      'The generator step with the Laplacian pyramid, ms, by number of codes:',
      '',
      "| codes | only the batch's | Adam over all | PyTorch, sparse Adam |",
      '|---|---|---|---|',
  ]
  sparse = result.get('PyTorch', {}).get('many codes', {})
  for count, seconds in result['many codes'].items():
    cells = [seconds['rows'], seconds['all'], sparse.get(count)]
    shown = [f'{1e3 * best(s):.1f}' if s else '-' for s in cells]
    lines.append(f'| {int(count):,} | {" | ".join(shown)} |')
  return '\n'.join([*lines, ''])


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--quick', action='store_true', help='tiny: does it run?')
  parser.add_argument('--torch', help='a Python that has PyTorch')
  parser.add_argument('--output', type=pathlib.Path, default=HERE)
  for field in dataclasses.fields(Sizes):
    if field.type is int or field.type == 'int':
      parser.add_argument(f'--{field.name}', type=int)
  options = parser.parse_args()
  sizes = QUICK if options.quick else Sizes()
  given = {
      field.name: getattr(options, field.name)
      for field in dataclasses.fields(Sizes)
      if getattr(options, field.name, None) is not None
  }
  sizes = dataclasses.replace(sizes, **given)
  torch = options.torch
  if torch is None and importlib.util.find_spec('torch'):
    torch = sys.executable
  facts = machine.describe('jax', 'jaxlib', 'flax', 'numpy')
  result = {'machine': facts, **measure(sizes, torch)}
  if 'PyTorch' in result:
    facts['torch'] = result['PyTorch'].pop('version')
  text = as_markdown(result)
  print(text)
  options.output.mkdir(parents=True, exist_ok=True)
  (options.output / 'cglo.md').write_text(text, encoding='utf-8')
  (options.output / 'cglo.json').write_text(
      json.dumps(result, indent=2) + '\n', encoding='utf-8'
  )


if __name__ == '__main__':
  from lsl_jax.pipeline import allocator

  allocator.restart()
  main()
