"""cGLO's step with codes divided among devices, and what each of them holds.

Called by cglo.py with the sizes as JSON and the number of devices; prints
seconds and bytes by number of codes as JSON. A process of its own, since a CPU
that pretends to be many devices would be in the way of the other measurements.
"""

import collections
import dataclasses
import json
import os
import subprocess
import sys
from typing import Any

import cglo_steps  # pyrefly: ignore[missing-import]

_PRETEND = '--xla_force_host_platform_device_count'


def start(sizes: cglo_steps.Sizes, parts: int) -> dict[str, Any]:
  """Runs this script on as many devices; on a CPU these are pretended ones.

  Args:
    sizes: of networks and batch, and `many` numbers of codes.
    parts: devices, and parts of the codes.

  Returns:
    What `measure` does there.

  Raises:
    RuntimeError: the process fails; tells its last words.
  """
  flags = f'{os.environ.get("XLA_FLAGS", "")} {_PRETEND}={parts}'
  # Devices that wait for each other need a thread each, and some to compute.
  threads = str(max(4 * parts, os.cpu_count() or 1))
  outcome = subprocess.run(
      [
          sys.executable,
          __file__,
          json.dumps(dataclasses.asdict(sizes)),
          f'{parts}',
      ],
      env={**os.environ, 'XLA_FLAGS': flags.strip(), 'NPROC': threads},
      capture_output=True,
      text=True,
      check=False,
  )
  if outcome.returncode:
    raise RuntimeError(
        f'{__file__} ended with {outcome.returncode}:'
        f' {outcome.stderr.strip()[-400:]}'
    )
  return json.loads(outcome.stdout)


def measure(sizes: cglo_steps.Sizes, parts: int) -> dict[str, Any]:
  """Seconds of steps, and bytes of codes on each device, by number of codes.

  Raises:
    ValueError: there are fewer devices than parts, or the batch cannot be
      divided.
  """
  import jax

  if parts > jax.device_count() or sizes.batch % parts:
    raise ValueError(
        f'parts={parts} must divide batch={sizes.batch}, and there must be as'
        f' many devices, not {jax.device_count()}'
    )
  pyramid, found = dataclasses.replace(sizes, vgg=0), {}
  for count in sizes.many:
    run, state = cglo_steps.generator_program(pyramid, count, parts)
    state, _ = run(state)
    # As they lie after a step; with them Adam's means and counts.
    held = collections.Counter()
    for leaf in jax.tree.leaves(state.codes):
      for shard in leaf.addressable_shards:
        held[shard.device.id] += shard.data.nbytes
    found[str(count)] = {
        'seconds': cglo_steps.timed(run, state, sizes.repeats),
        'bytes': [held[device] for device in sorted(held)],
    }
  return found


def main() -> None:
  from lsl_jax.pipeline import runtime

  runtime.start()
  fields = json.loads(sys.argv[1])
  sizes = cglo_steps.Sizes(**{**fields, 'many': tuple(fields['many'])})
  print(json.dumps(measure(sizes, int(sys.argv[2]))))


if __name__ == '__main__':
  main()
