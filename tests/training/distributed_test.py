import pytest

from lsl_jax.training import distributed


@pytest.mark.parametrize(
    ('environment', 'tasks'),
    [
        ({}, 1),
        ({'SLURM_STEP_NUM_TASKS': '4'}, 4),
        # Inside an allocation of four tasks, but started without srun.
        ({'SLURM_NTASKS': '4'}, 1),
        ({'OMPI_COMM_WORLD_SIZE': '2'}, 2),
        ({'TPU_WORKER_HOSTNAMES': 'localhost'}, 1),
        ({'TPU_WORKER_HOSTNAMES': 'a,b,c'}, 3),
    ],
)
def test_a_launchers_tasks_are_counted(environment, tasks):
  assert distributed.launched_tasks(environment) == tasks


def test_a_lone_process_joins_nobody():
  assert distributed.initialize(environment={}) is False
  assert distributed.initialize('localhost:1', 1, 0) is False


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('localhost:1',), 'num_processes, process_id not given'),
        (('localhost:1', 2), 'process_id not given'),
        (('localhost:1', 2, 2), r'process_id=2 must be in 0 \.\. .* = 1'),
    ],
)
def test_half_a_description_of_the_processes_is_refused(arguments, message):
  with pytest.raises(ValueError, match=message):
    distributed.initialize(*arguments)
