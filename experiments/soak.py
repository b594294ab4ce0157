"""Trains, kills and resumes runs at random moments; nothing may be lost.

  python experiments/soak.py --workdir=runs/soak --kills=50

An undisturbed run of the same config comes first. Another one is killed with
SIGKILL after a random time, started again, and so on until it comes to its end;
then a new one, until all kills are made. Each must have the same rows as the
undisturbed one, and every step exactly once in its log. The numbers are equal
bit for bit on the same machine. Prints what happened; ends with 1, and says how
they differ, where they do.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[1]
PROGRAM = (sys.executable, '-m', 'lsl_jax.main')
# Long enough that most kills fall into it, short enough to be repeated.
CONFIG = (
    '--config=configs/imprint_glyphs.py:smoke',
    '--config.train.epochs=3',
    '--config.train.checkpoint_every_epochs=0.2',
    "--config.learners=('imprint','imprint_finetune')",
    '--config.finetune.epochs=1',
    '--config.finetune.checkpoint_every_epochs=0.2',
    '--config.evaluation.shots=(1,)',
    '--config.evaluation.trained_draws=2',
)


def start(workdir, arguments):
  """The real command, in a process of its own."""
  return subprocess.Popen(
      [*PROGRAM, *arguments, f'--workdir={workdir}'],
      cwd=ROOT,
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
  )


def disturb(workdir, arguments, kills, longest, rng):
  """Kills one run after a random time each, until it ends or all are made."""
  for number in range(kills):
    process = start(workdir, arguments)
    pause = rng.uniform(0, longest)
    try:
      process.communicate(timeout=pause)
    except subprocess.TimeoutExpired:
      process.kill()
      process.communicate()
      print(
          f'killed after {pause:.1f} s at step {last_step(workdir)}', flush=True
      )
      continue
    return number  # a run that failed fails again: finish says why
  return kills


def finish(workdir, arguments):
  """Lets the run go on to its end; what it printed."""
  process = start(workdir, arguments)
  output, _ = process.communicate()
  if process.returncode:
    raise RuntimeError(f'the run in {workdir} ended with: {output[-2000:]}')
  return output


def records(workdir):
  """The log's records that tell of training steps; whole lines only."""
  path = pathlib.Path(workdir, 'metrics.jsonl')
  if not path.exists():
    return []
  *lines, _ = path.read_text().split('\n')
  return [r for r in map(json.loads, lines) if 'loss' in r]


def last_step(workdir):
  return max((record['step'] for record in records(workdir)), default=0)


def differences(whole, disturbed):
  """What of the undisturbed run is not in the other, in words."""
  found = []
  rows = [
      json.loads(pathlib.Path(folder, 'results.json').read_text())['rows']
      for folder in (whole, disturbed)
  ]
  if rows[0] != rows[1]:
    found.append('the rows of results.json differ')
  steps = [
      [r['step'] for r in records(folder)] for folder in (whole, disturbed)
  ]
  if steps[0] != steps[1]:
    found.append('the logs have other steps')
  losses = [
      [r['loss'] for r in records(folder)] for folder in (whole, disturbed)
  ]
  if losses[0] != losses[1]:
    found.append('the logs have other losses')
  litter = [p.name for p in pathlib.Path(disturbed).rglob('*tmp*')]
  if litter:
    found.append(f'half-written files are left: {", ".join(litter)}')
  return found


def main(arguments=None):
  parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
  parser.add_argument('--workdir', required=True)
  parser.add_argument('--kills', type=int, default=50)
  parser.add_argument(
      '--longest', type=float, default=15.0, help='seconds before a kill'
  )
  parser.add_argument('--seed', type=int, default=0)
  options, rest = parser.parse_known_args(arguments)
  config = [*CONFIG, *rest]
  folder = pathlib.Path(options.workdir).resolve()
  if folder.exists() and os.listdir(folder):
    sys.exit(f'{folder} is not empty')
  began = time.time()
  finish(folder / 'whole', config)
  print(f'the undisturbed run took {time.time() - began:.0f} s', flush=True)
  rng = random.Random(options.seed)
  kills, runs, lost = 0, 0, 0
  while kills < options.kills:
    disturbed = folder / f'disturbed{runs}'
    left = options.kills - kills
    made = disturb(disturbed, config, left, options.longest, rng)
    finish(disturbed, config)
    found = differences(folder / 'whole', disturbed)
    print(f'{disturbed.name} ended after {made} kills', flush=True)
    for line in found:
      print(f'LOST in {disturbed.name}: {line}', flush=True)
    kills, runs, lost = kills + made, runs + 1, lost + bool(found)
  print(
      f'{kills} kills in {runs} runs: {lost or "none"} of them lost something'
  )
  return 1 if lost else 0


if __name__ == '__main__':
  sys.exit(main())
