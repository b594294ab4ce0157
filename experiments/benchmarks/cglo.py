"""cGLO: its step, the classifier's step that it feeds, and its codes' cost.

  python experiments/benchmarks/cglo.py

Times whole training steps of the paper's networks for CIFAR-100: the generator,
its weak classifier and their codes with VGG-16 as the measure (random weights
cost the same), and WideResNet-28-10 with and without images that are made
inside of its step, cropped and flipped as real ones. Then the generator's step
with up to a million codes, beside an Adam that updates all of them, and with
--parts=N once more with codes divided among N devices, which a CPU pretends to
have, and the bytes that each of them holds. Where PyTorch can be imported, or
with --torch=PYTHON of an environment that has it, the same steps there, in a
process of its own. Prints tables and writes cglo.json and cglo.md into
--output.
"""

import argparse
import dataclasses
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys
from typing import Any

import cglo_classifier  # pyrefly: ignore[missing-import]
import cglo_parts  # pyrefly: ignore[missing-import]
import cglo_steps as steps  # pyrefly: ignore[missing-import]
import machine  # pyrefly: ignore[missing-import]

HERE = pathlib.Path(__file__).parent


def measure(
    sizes: steps.Sizes, torch: str | None, parts: int | None
) -> dict[str, Any]:
  """All of it."""
  import jax

  classifiers, memory = cglo_classifier.steps(sizes)
  pyramid = dataclasses.replace(sizes, vgg=0)
  result: dict[str, Any] = {
      'sizes': dataclasses.asdict(sizes),
      'device': jax.devices()[0].device_kind,
      'lsl_jax': {
          'generator': steps.generator_step(sizes, sizes.codes),
          **classifiers,
      },
      'temporary memory': memory,
      'many codes': {
          str(count): {
              'rows': steps.generator_step(pyramid, count),
              'all': steps.dense_step(pyramid, count),
          }
          for count in sizes.many
      },
  }
  if parts:
    result['parts'] = cglo_parts.start(sizes, parts)
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
  if 'parts' in result:
    lines += ['', *_of_parts(result['parts'])]
  return '\n'.join([*lines, ''])


def _of_parts(found: dict[str, Any]) -> list[str]:
  """A table of codes that are divided among devices."""
  devices = len(next(iter(found.values()))['bytes'])
  return [
      f'The same with codes and batch divided among {devices} devices, and what'
      ' these hold of codes and of what Adam remembers of them (devices that a'
      ' CPU pretends to be share its cores):',
      '',
      '| codes | ms | most that a device holds, MB | all together |',
      '|---|---|---|---|',
      *(
          f'| {int(count):,} | {1e3 * min(own["seconds"]):.1f} |'
          f' {max(own["bytes"]) / 1e6:.2f} | {sum(own["bytes"]) / 1e6:.2f} |'
          for count, own in found.items()
      ),
  ]


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--quick', action='store_true', help='tiny: does it run?')
  parser.add_argument('--torch', help='a Python that has PyTorch')
  parser.add_argument(
      '--parts', type=int, help='devices that codes are divided among as well'
  )
  parser.add_argument('--output', type=pathlib.Path, default=HERE)
  for field in dataclasses.fields(steps.Sizes):
    if field.type is int or field.type == 'int':
      parser.add_argument(f'--{field.name}', type=int)
  options = parser.parse_args()
  sizes = steps.QUICK if options.quick else steps.Sizes()
  given = {
      field.name: getattr(options, field.name)
      for field in dataclasses.fields(steps.Sizes)
      if getattr(options, field.name, None) is not None
  }
  sizes = dataclasses.replace(sizes, **given)
  torch = options.torch
  if torch is None and importlib.util.find_spec('torch'):
    torch = sys.executable
  facts = machine.describe('jax', 'jaxlib', 'flax', 'numpy')
  result = {'machine': facts, **measure(sizes, torch, options.parts)}
  if 'PyTorch' in result:
    facts['torch'] = result['PyTorch'].pop('version')
  machine.write(options.output, 'cglo', result, as_markdown(result))


if __name__ == '__main__':
  from lsl_jax.pipeline import allocator, runtime

  allocator.restart()
  runtime.start()
  main()
