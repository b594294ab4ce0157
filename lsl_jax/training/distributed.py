"""Several processes as one: called once, before JAX looks for devices."""

from collections.abc import Mapping
import os

import jax

# Set by a launcher in each of several tasks: the number of them.
_TASKS = ('SLURM_STEP_NUM_TASKS', 'OMPI_COMM_WORLD_SIZE')
_TPU_HOSTS = 'TPU_WORKER_HOSTNAMES'


def initialize(
    coordinator_address: str | None = None,
    num_processes: int | None = None,
    process_id: int | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
) -> bool:
  """Joins the other processes of a run, if there are any.

  With all three arguments, joins those. Without any, joins the tasks that
  SLURM's `srun`, Open MPI or a TPU pod started, as JAX finds them. Otherwise
  the run has one process and nothing happens.

  Args:
    coordinator_address: `host:port` of the first process.
    num_processes: how many processes the run has.
    process_id: which of them this is, from 0.
    environment: where launchers leave their variables.

  Returns:
    Whether there are other processes.

  Raises:
    ValueError: some of the arguments are missing, or out of range.
  """
  given = {
      'coordinator_address': coordinator_address,
      'num_processes': num_processes,
      'process_id': process_id,
  }
  missing = [name for name, value in given.items() if value is None]
  if not missing:
    assert num_processes is not None and process_id is not None
    if not 0 <= process_id < num_processes:
      raise ValueError(
          f'process_id={process_id} must be in 0 .. num_processes - 1 = '
          f'{num_processes - 1}.'
      )
    if num_processes == 1:
      return False
    jax.distributed.initialize(coordinator_address, num_processes, process_id)
    return True
  if len(missing) < len(given):
    raise ValueError(
        f'Several processes need {", ".join(given)}; {", ".join(missing)} not '
        'given.'
    )
  if launched_tasks(environment) < 2:
    return False
  jax.distributed.initialize()
  return True


def launched_tasks(environment: Mapping[str, str]) -> int:
  """How many tasks the launcher of this process started; 1 without one."""
  tasks = [int(environment[name]) for name in _TASKS if name in environment]
  hosts = environment.get(_TPU_HOSTS, '')
  return max(1, len(hosts.split(',')), *tasks)
