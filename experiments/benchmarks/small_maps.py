"""Convolutions that the library computes in a way of its own on CPUs.

  python experiments/benchmarks/small_maps.py

Kernels that are larger than the map, strides that end in such a map, and
transposed convolutions, each beside what XLA makes of the plain operation:
forward, and the gradients of the map and of the kernel. Batches of 16. Writes
small_maps.json and small_maps.md into --output.
"""

import argparse
from collections.abc import Callable
import functools
import pathlib
import time
from typing import NamedTuple

import jax
from jax import lax
import machine  # pyrefly: ignore[missing-import]

from lsl_jax.models import convolution

LAYOUT = ('NHWC', 'HWIO', 'NHWC')


class Case(NamedTuple):
  """One convolution.

  Attributes:
    where: a network that has it.
    side: of the map.
    inputs: its channels.
    outputs: those of the result.
    size: of the kernel.
    stride: 0 for the transposed one of stride 2.
  """

  where: str
  side: int
  inputs: int
  outputs: int
  size: int = 3
  stride: int = 1


CASES = (
    Case('VGG-16 at 32 pixels, stage 5', 2, 512, 512),
    Case('ResNet-10 at 64 pixels, into stage 4', 4, 256, 512, stride=2),
    Case('ResNet-10 at 64 pixels, stage 4', 2, 512, 512),
    Case('DCGAN, first doubling', 4, 256, 128, 4, 0),
    Case('DCGAN, second doubling', 8, 128, 64, 4, 0),
    Case('DCGAN, last doubling', 16, 64, 3, 4, 0),
)


def ways(case: Case) -> dict[str, Callable[..., jax.Array]]:
  """The plain operation, and the library's."""
  if not case.stride:
    plain = functools.partial(
        lax.conv_transpose,
        strides=(2, 2),
        padding='SAME',
        dimension_numbers=LAYOUT,
    )
    return {'XLA': plain, 'lsl_jax': convolution.double}
  options = {
      'strides': (case.stride,) * 2,
      'padding': [(case.size // 2,) * 2] * 2,
  }
  plain = lambda x, kernel: lax.conv_general_dilated(
      x,
      kernel,
      options['strides'],
      options['padding'],
      dimension_numbers=LAYOUT,
  )
  return {
      'XLA': plain,
      'lsl_jax': functools.partial(convolution.convolve, **options),
  }


def seconds(case: Case, way: Callable[..., jax.Array], batch: int, repeats):
  """Fastest of the repeats: forward, gradient of the map, of the kernel."""
  x = jax.random.normal(
      jax.random.key(0), (batch, case.side, case.side, case.inputs)
  )
  kernel = jax.random.normal(
      jax.random.key(1), (case.size, case.size, case.inputs, case.outputs)
  )
  change = way(x, kernel)
  programs = (
      lambda x, kernel, change: way(x, kernel),
      lambda x, kernel, change: jax.vjp(lambda x: way(x, kernel), x)[1](change),
      lambda x, kernel, change: jax.vjp(lambda k: way(x, k), kernel)[1](change),
  )
  found = []
  for program in map(jax.jit, programs):
    jax.block_until_ready(program(x, kernel, change))
    taken = []
    for _ in range(repeats):
      start = time.perf_counter()
      jax.block_until_ready(program(x, kernel, change))
      taken.append(time.perf_counter() - start)
    found.append(min(taken))
  return found


def as_markdown(result) -> str:
  lines = ['# Convolutions on small maps', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  lines += [
      '',
      '| | program | forward, ms | of the map, ms | of the kernel, ms |',
      '|---|---|---|---|---|',
  ]
  for where, programs in result['cases'].items():
    for name, taken in programs.items():
      cells = ' | '.join(f'{1e3 * each:.2f}' for each in taken)
      lines.append(f'| {where} | {name} | {cells} |')
  return '\n'.join([*lines, ''])


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--quick', action='store_true', help='tiny: does it run?')
  parser.add_argument('--repeats', type=int, default=10)
  parser.add_argument(
      '--output', type=pathlib.Path, default=pathlib.Path(__file__).parent
  )
  options = parser.parse_args()
  shrink = 64 if options.quick else 1
  result = {
      'machine': machine.describe('jax', 'jaxlib'),
      'cases': {
          case.where: {
              name: seconds(
                  case._replace(
                      inputs=max(case.inputs // shrink, 1),
                      outputs=max(case.outputs // shrink, 1),
                  ),
                  way,
                  1 if options.quick else 16,
                  1 if options.quick else options.repeats,
              )
              for name, way in ways(case).items()
          }
          for case in CASES
      },
  }
  machine.write(options.output, 'small_maps', result, as_markdown(result))


if __name__ == '__main__':
  from lsl_jax.pipeline import allocator, runtime

  allocator.restart()
  runtime.start()
  main()
