"""Counts to 40 in the files of a run; goes on after a kill, as a run should.

  python soak_program.py --workdir=FOLDER [--forgets] [--fails]

With `--forgets` it does what the soak has to find: it begins anew after a kill
and leaves the log of before.
"""

import argparse
import json
import pathlib
import sys
import time


def main():
  parser = argparse.ArgumentParser()
  parser.add_argument('--workdir', type=pathlib.Path, required=True)
  parser.add_argument('--forgets', action='store_true')
  parser.add_argument('--fails', action='store_true')
  options = parser.parse_args()
  if options.fails:
    sys.exit('no such learner')
  options.workdir.mkdir(parents=True, exist_ok=True)
  log = options.workdir / 'metrics.jsonl'
  lines = log.read_text().split('\n')[:-1] if log.exists() else []
  log.write_text(''.join(f'{line}\n' for line in lines))
  for step in range(0 if options.forgets else len(lines), 40):
    with log.open('a') as file:
      file.write(json.dumps({'step': step + 1, 'loss': 1 / (step + 1)}) + '\n')
    time.sleep(0.02)
  (options.workdir / 'results.json').write_text(
      json.dumps({'rows': [{'mean': 1}]})
  )


if __name__ == '__main__':
  main()
