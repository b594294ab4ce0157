"""Input pipeline: images a second, and how long training waits for them.

  python experiments/benchmarks/input_pipeline.py

In memory: the training stream of configs/imprint_glyphs.py alone, the training
step alone, and both in the training loop, with the share of its time that the
loop waits for data. Streamed: photographs' stand-ins of 96 x 96 pixels, JPEG
files that are decoded, cropped to 84 and flipped, by threads and by processes,
beside the training step of Conv-4 on such crops. Prints tables and writes
input_pipeline.json and input_pipeline.md into --output.
"""

import argparse
import io
import json
import pathlib
import statistics
import sys
import tempfile
import time
from typing import Any

import machine  # pyrefly: ignore[missing-import]
import networks  # pyrefly: ignore[missing-import]
import numpy as np
from PIL import Image

from lsl_jax.pipeline import runtime

HERE = pathlib.Path(__file__).parent


def embedded(steps: int, rounds: int, variant: str | None) -> dict[str, Any]:
  """Glyphs as the main job trains on them."""
  import jax

  sys.path.insert(0, str(HERE.parents[1]))
  from configs import imprint_glyphs
  from lsl_jax import training
  from lsl_jax.pipeline import fitting, phase1, registry, sources

  config = imprint_glyphs.get_config(variant)
  with tempfile.TemporaryDirectory() as folder:
    problem, _ = sources.load(config, folder)
  representation = registry.make_representation(config, problem.num_base, None)
  stream = fitting.make_stream(
      config,
      config.train,
      problem,
      problem.indices(base=True, train=True),
      None,
      0,
      training.sharding.mesh(),
  )
  optimizer = training.optimizer.make(
      config.train.optimizer,
      steps_per_epoch=stream.steps_per_epoch,
      num_steps=10 * steps,
  )
  executor = training.executor.make('jit', representation.loss, optimizer)
  state = training.TrainState.create(
      jax.device_get(phase1.initialise(config, representation)), optimizer
  )
  result = _alternate(executor, state, stream, steps, rounds)
  reports: list[dict[str, float]] = []
  training.fit(
      executor,
      state,
      stream.batches,
      key=jax.random.key(0),
      num_steps=(rounds + 1) * steps,
      on_metrics=lambda _, scalars: reports.append(scalars),
      log_every=steps,
  )
  reports = reports[1:]  # the first report holds what was compiled
  batch = stream.batch_size
  return {
      'batch': batch,
      'steps': steps,
      **result,
      'loop': [batch * report['steps_per_second'] for report in reports],
      'data_wait': [report['data_wait'] for report in reports],
  }


def _alternate(executor, state, stream, steps, rounds) -> dict[str, list]:
  """Images a second of the stream and of the step, in turns."""
  import jax

  batches = stream.batches(0)
  batch = executor.put_batch(next(batches))
  state = executor.put_state(state)
  key = executor.put_state(jax.random.key(0))
  state, _ = executor.run(state, batch, key)
  rates: dict[str, list[float]] = {'stream': [], 'step': []}
  images = stream.batch_size * steps
  for _ in range(rounds):
    jax.block_until_ready(state)
    start = time.perf_counter()
    for _ in range(steps):
      jax.block_until_ready(next(batches))
    rates['stream'].append(images / (time.perf_counter() - start))
    start = time.perf_counter()
    for _ in range(steps):
      state, _ = executor.run(state, batch, key)
    jax.block_until_ready(state)
    rates['step'].append(images / (time.perf_counter() - start))
  batches.close()
  return rates


def jpegs(count: int, size: int = 96):
  """Smooth random images as JPEG files."""
  from lsl_jax.data import encoded

  rng = np.random.default_rng(0)
  files = []
  for _ in range(count):
    coarse = rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(
        (size, size), Image.Resampling.BICUBIC
    )
    noise = rng.integers(-8, 9, (size, size, 3))
    pixels = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, 'JPEG', quality=90)
    files.append(np.frombuffer(file.getvalue(), np.uint8))
  offsets = np.cumsum([0, *map(len, files)])
  return encoded.Pack(np.concatenate(files), offsets)


READERS = {
    'a thread a core': {},
    '1 thread': {'threads': 1},
    'no threads': {'threads': 0},
    '2 processes': {'workers': 2},
}


def from_files(
    count: int,
    steps: int,
    rounds: int,
    network: networks.Network,
    readers: list[str],
) -> dict[str, Any]:
  """Images that are decoded while training goes on."""
  import jax

  from lsl_jax import data, training
  from lsl_jax.data import augment

  images, batch = jpegs(count), network.batch
  labels = np.arange(count) % network.classes
  mesh = training.sharding.mesh()

  def stream(**options):
    return data.streamed(
        images,
        labels,
        batch_size=batch,
        seed=0,
        spec=augment.Spec(crop='random', size=network.size, flip=True),
        sharding=training.sharding.divided(mesh),
        **options,
    )

  executor, placed, _ = networks.make(network)
  state = executor.fetch(placed)
  result: dict[str, Any] = {'batch': batch, 'steps': steps, 'stream': {}}
  for name in readers:
    source = stream(**READERS[name])
    rates = _alternate(executor, state, source, steps, rounds)
    result['stream'][name] = rates['stream']
    result.setdefault('step', []).extend(rates['step'])
  reports: list[dict[str, float]] = []
  batches = []

  def begin(step):
    batches.append(stream().batches(step))
    return batches[-1]

  training.fit(
      executor,
      state,
      begin,
      key=jax.random.key(0),
      num_steps=(rounds + 1) * steps,
      on_metrics=lambda _, scalars: reports.append(scalars),
      log_every=steps,
  )
  batches[0].close()
  result['loop'] = [batch * r['steps_per_second'] for r in reports[1:]]
  result['data_wait'] = [r['data_wait'] for r in reports[1:]]
  return result


def as_markdown(result: dict[str, Any]) -> str:
  """Tables of images a second: best and median of the rounds."""
  lines = ['# Input pipeline: images a second', '']
  lines += [f'- {name}: {text}' for name, text in result['machine'].items()]
  for title, facts in result['measured'].items():
    streams = facts['stream']
    if not isinstance(streams, dict):
      streams = {'on the device': streams}
    rows = {f'stream alone, {name}': v for name, v in streams.items()}
    rows['training step alone'] = facts['step']
    rows['training loop'] = facts['loop']
    step = max(facts['step'])
    lines += [
        '',
        f'{title}, batch {facts["batch"]}, rounds of {facts["steps"]} batches:',
        '',
        '| | best | median | of the step alone |',
        '|---|---|---|---|',
    ]
    lines += [
        f'| {name} | {max(rates):.0f} | {statistics.median(rates):.0f} |'
        f' {max(rates) / step:.2f} |'
        for name, rates in rows.items()
    ]
    waits = facts['data_wait']
    lines += [
        '',
        'Share of the time that the loop waited for data: median'
        f' {100 * statistics.median(waits):.2f} %, at most'
        f' {100 * max(waits):.2f} %.',
    ]
  return '\n'.join([*lines, ''])


def main() -> None:
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--steps', type=int, default=100)
  parser.add_argument('--rounds', type=int, default=6)
  parser.add_argument('--images', type=int, default=2000, help='JPEG files')
  parser.add_argument('--quick', action='store_true', help='tiny: does it run?')
  parser.add_argument('--output', type=pathlib.Path, default=HERE)
  options = parser.parse_args()
  variant, name, readers = None, 'conv4-64 at 84', list(READERS)
  if options.quick:
    options.steps, options.rounds, options.images = 2, 2, 64
    variant, name, readers = 'smoke', 'tiny', readers[:1]
  runtime.start()
  facts = machine.describe('jax', 'jaxlib', 'flax', 'numpy', 'grain', 'pillow')
  result = {
      'machine': facts,
      'measured': {
          'Letters in memory': embedded(options.steps, options.rounds, variant),
          'JPEG files of 96 x 96 pixels': from_files(
              options.images,
              max(2, options.steps // 4),
              options.rounds,
              networks.NETWORKS[name],
              readers,
          ),
      },
  }
  text = as_markdown(result)
  print(text)
  options.output.mkdir(parents=True, exist_ok=True)
  (options.output / 'input_pipeline.md').write_text(text, encoding='utf-8')
  (options.output / 'input_pipeline.json').write_text(
      json.dumps(result, indent=2) + '\n', encoding='utf-8'
  )


if __name__ == '__main__':
  main()
