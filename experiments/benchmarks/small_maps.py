"""Convolutions that the library computes in a way of its own on CPUs.

  python experiments/benchmarks/small_maps.py

Kernels that are larger than the map, strides that end in such a map, transposed
and depthwise convolutions, each beside what XLA makes of the plain operation:
forward, and the gradients of the map and of the kernel. Batches of 16. Writes
small_maps.json and small_maps.md into --output.
"""

import argparse
from collections.abc import Callable
import pathlib
import time
from typing import NamedTuple

import jax
from jax import lax
import machine  # pyrefly: ignore[missing-import]

from lsl_jax.models import convolution, depthwise

LAYOUT = ('NHWC', 'HWIO', 'NHWC')


class Case(NamedTuple):
  """One convolution.

  Attributes:
    where: a network that has it.
    kind: 'plain', 'doubling' (transposed, stride 2) or 'depthwise' (between two
      scaled ReLU6, whose masks its gradient passes).
    side: of the map.
    inputs: its channels.
    outputs: those of the result.
    size: of the kernel.
    stride: in both directions.
  """

  where: str
  kind: str
  side: int
  inputs: int
  outputs: int
  size: int = 3
  stride: int = 1


CASES = (
    Case('VGG-16 at 32 pixels, stage 5', 'plain', 2, 512, 512),
    Case('ResNet-10 at 64 pixels, into stage 4', 'plain', 4, 256, 512, 3, 2),
    Case('ResNet-10 at 64 pixels, stage 4', 'plain', 2, 512, 512),
    Case('DCGAN, first doubling', 'doubling', 4, 256, 128, 4),
    Case('DCGAN, second doubling', 'doubling', 8, 128, 64, 4),
    Case('DCGAN, last doubling', 'doubling', 16, 64, 3, 4),
    Case('EfficientNet-Lite0 at 32 pixels, block 1', 'depthwise', 16, 32, 32),
    Case(
        'EfficientNet-Lite0 at 32 pixels, block 6', 'depthwise', 4, 240, 240, 5
    ),
)


def ways(case: Case) -> dict[str, Callable[..., jax.Array]]:
  """The plain operation, and the library's, of a map and a kernel."""
  strides, padding = (case.stride,) * 2, [(case.size // 2,) * 2] * 2

  def masked(function):
    def block(x, kernel):
      scale = kernel[0, 0, 0].reshape(1, 1, 1, -1)  # as of a normalisation
      y = function(jax.nn.relu6(x * scale), kernel, case.stride)
      return jax.nn.relu6(y * scale)

    return block

  def plain(x, kernel):
    return lax.conv_general_dilated(
        x, kernel, strides, padding, dimension_numbers=LAYOUT
    )

  def transposed(x, kernel):
    return lax.conv_transpose(
        x, kernel, (2, 2), 'SAME', dimension_numbers=LAYOUT
    )

  def ours(x, kernel):
    return convolution.convolve(x, kernel, strides, padding)

  return {
      'plain': {'XLA': plain, 'lsl_jax': ours},
      'doubling': {'XLA': transposed, 'lsl_jax': convolution.double},
      'depthwise': {
          # The sum over shifts, with the gradient that JAX makes of it.
          'XLA': masked(depthwise.depthwise.fun),
          'lsl_jax': masked(depthwise.depthwise),
      },
  }[case.kind]


def seconds(case: Case, way: Callable[..., jax.Array], batch: int, repeats):
  """Fastest of the repeats: forward, gradient of the map, of the kernel."""
  x = jax.random.normal(
      jax.random.key(0), (batch, case.side, case.side, case.inputs)
  )
  depth = 1 if case.kind == 'depthwise' else case.inputs
  kernel = jax.random.normal(
      jax.random.key(1), (case.size, case.size, depth, case.outputs)
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
