"""What the penalties on features add to a training step of plain softmax.

  python experiments/benchmarks/sgm_cost.py

Whole steps (forward, backward, SGD with momentum) of ResNet-10 with 389 base
classes, as in Hariharan & Girshick 2017, on random images. The programs take
turns, each round in another order, and a round's times are compared with that
round's plain softmax, so that a slow spell of the machine meets all of them.

Beside that stand two numbers that hardly depend on what else the machine does:
the arithmetic that the compiler counts, and the time of the losses alone, from
features and classifier to their gradients, as a share of the plain step. Writes
sgm_cost.json and sgm_cost.md into --output.
"""

import argparse
import pathlib
import time
from typing import Any

from flax import linen as nn
import jax
import jax.numpy as jnp
import machine  # pyrefly: ignore[missing-import]
import numpy as np

from lsl_jax import models, representation, training, types

PLAIN = 'softmax'
CLASSES = 389
RECIPE = {
    'name': 'sgd',
    'learning_rate': 0.01,
    'momentum': 0.9,
    'weight_decay': 1e-4,
}


def compile_steps(names: list[str], batch: types.Batch, backbone: str):
  """Compiled steps by name, and their arguments."""
  network: Any = models.build(
      {'backbone': backbone, 'num_classes': CLASSES, 'head': 'linear'}
  )
  optimizer = training.optimizer.make(
      RECIPE, steps_per_epoch=1000, num_steps=1000
  )
  key = jax.random.key(0)
  init = jax.jit(representation.softmax(network).init)
  state = training.TrainState.create(init(key, batch.images), optimizer)
  steps = {}
  for name in names:
    step = training.make_step(_represent(network, name).loss, optimizer)
    steps[name] = jax.jit(step).lower(state, batch, key).compile()
  return steps, (state, batch, key)


def compile_losses(names: list[str], batch: types.Batch, size: int):
  """The same without a backbone, from features `[B, size]`."""

  class Head(nn.Module):
    """A network that is its classifier."""

    @nn.compact
    def __call__(self, images, *, train):
      del train
      logits = models.LinearClassifier(CLASSES)(images)
      return {'embedding': images, 'logits': logits}

  key = jax.random.key(0)
  features = jnp.abs(jax.random.normal(key, (len(batch.labels), size)))
  batch = batch._replace(images=features)
  params = representation.softmax(Head()).init(key, features)['params']
  programs = {}
  for name in names:
    loss = _represent(Head(), name).loss

    def gradients(params, features, batch, loss=loss):
      value = lambda p, x: loss(p, {}, batch._replace(images=x), key)[0]
      return jax.value_and_grad(value, argnums=(0, 1))(params, features)

    lowered = jax.jit(gradients).lower(params, features, batch)
    programs[name] = lowered.compile()
  return programs, (params, features, batch)


def _represent(network, name: str):
  if name == PLAIN:
    return representation.softmax(network)
  # So small a weight leaves the numbers, and with them the speed, alone.
  return representation.regularised_softmax(
      network, regulariser=name, weight=1e-4
  )


def take_turns(programs, arguments, rounds: int, seed: int = 0):
  """Seconds of each program in every round: by the clock, of processors."""
  rng = np.random.default_rng(seed)
  names = list(programs)
  seconds = {name: [] for name in names}
  for name in names:  # the first call of each warms caches up
    jax.block_until_ready(programs[name](*arguments))
  for _ in range(rounds):
    for i in rng.permutation(len(names)):
      start, busy = time.perf_counter(), time.process_time()
      jax.block_until_ready(programs[names[i]](*arguments))
      end = time.perf_counter(), time.process_time()
      seconds[names[i]].append((end[0] - start, end[1] - busy))
  return seconds


def run(options: argparse.Namespace) -> dict[str, Any]:
  """Measures, and gathers what a reader needs to judge the numbers."""
  facts = machine.describe('jax', 'jaxlib', 'flax')
  facts['device'] = jax.devices()[0].device_kind
  keys = jax.random.split(jax.random.key(2))
  shape = (options.batch, options.size, options.size, 3)
  batch = types.Batch(
      jax.random.normal(keys[0], shape),
      jax.random.randint(keys[1], (options.batch,), 0, CLASSES),
  )
  names = [PLAIN, *options.regularisers]
  steps, arguments = compile_steps(names, batch, options.backbone)
  state = arguments[0]
  size = state.params['classifier']['templates'].shape[-1]
  heads, head_arguments = compile_losses(names, batch, size)
  return {
      'machine': facts,
      'task': (
          f'{options.backbone}, {CLASSES} classes, batch {options.batch},'
          f' {options.size} x {options.size} pixels, {options.rounds} rounds'
      ),
      'operations': {
          name: float((step.cost_analysis() or {}).get('flops', np.nan))
          for name, step in steps.items()
      },
      'seconds': take_turns(steps, arguments, options.rounds),
      'seconds of losses': take_turns(heads, head_arguments, options.rounds),
  }


def extra(seconds: np.ndarray, plain: np.ndarray) -> str:
  """Median of the rounds' extra time in per cent, with a 95 % interval.

  The interval is that of resampled rounds (bootstrap, percentiles).
  """
  ratios = 100 * (seconds / plain - 1)
  rng = np.random.default_rng(0)
  draws = rng.integers(0, len(ratios), (2000, len(ratios)))
  low, high = np.percentile(np.median(ratios[draws], axis=1), [2.5, 97.5])
  return f'{np.median(ratios):+.1f} ({low:+.1f} to {high:+.1f})'


def as_markdown(result: dict[str, Any]) -> str:
  """The result as a table."""
  seconds = {k: np.asarray(v) for k, v in result['seconds'].items()}
  losses = {k: np.asarray(v) for k, v in result['seconds of losses'].items()}
  operations = result['operations']
  plain = seconds[PLAIN]
  lines = ['# What a penalty adds to a step of plain softmax', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  lines += [
      f'- task: {result["task"]}',
      '',
      '| step | median, ms | extra time, % | extra processor time, % |'
      ' losses alone, ms | their extra, % of a step | extra operations, % |',
      '|---|---|---|---|---|---|---|',
  ]
  for name, times in seconds.items():
    # The fastest: nothing but the machine's other work makes it slower.
    alone, base = losses[name][:, 0].min(), losses[PLAIN][:, 0].min()
    cells = [name, f'{1e3 * np.median(times[:, 0]):.1f}', '', '']
    cells += [f'{1e3 * alone:.2f}', '', '']
    if name != PLAIN:
      cells[2:4] = [extra(times[:, i], plain[:, i]) for i in (0, 1)]
      cells[5] = f'{100 * (alone - base) / plain[:, 0].min():+.2f}'
      cells[6] = f'{100 * (operations[name] / operations[PLAIN] - 1):+.3f}'
    lines.append(f'| {" | ".join(cells)} |')
  lines += [
      '',
      "Extra times are medians over rounds of a step over the same round's"
      ' plain one, with 95 % intervals; of losses, and of the step of which'
      ' they are a share, the fastest round counts.',
      '',
  ]
  return '\n'.join(lines)


def main():
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--backbone', default='resnet10')
  parser.add_argument('--size', type=int, default=84)
  parser.add_argument('--batch', type=int, default=32)
  parser.add_argument('--rounds', type=int, default=40)
  parser.add_argument('--quick', action='store_true', help='try it, tiny')
  parser.add_argument(
      '--regularisers',
      nargs='+',
      default=['sgm', 'batch_sgm'],
      choices=list(representation.REGULARISERS),
  )
  parser.add_argument(
      '--output',
      type=pathlib.Path,
      default=pathlib.Path(__file__).parent,
      help='folder of sgm_cost.json and sgm_cost.md',
  )
  options = parser.parse_args()
  if options.quick:
    options.backbone, options.size = 'conv4', 16
    options.batch, options.rounds = 4, 2
  result = run(options)
  machine.write(options.output, 'sgm_cost', result, as_markdown(result))


if __name__ == '__main__':
  main()
