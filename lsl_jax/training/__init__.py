"""Data-parallel training: state, recipes, one step, one loop, checkpoints."""

from lsl_jax.training.checkpoint import (
    Checkpoints,
    CorruptCheckpointError,
    UnwrittenCheckpointError,
)
from lsl_jax.training.executor import AXIS_NAMES, Executor, EXECUTORS
from lsl_jax.training.loop import fit
from lsl_jax.training.monitor import NonFiniteError
from lsl_jax.training.optimizer import Optimizer
from lsl_jax.training.signals import Preempted
from lsl_jax.training.state import TrainState
from lsl_jax.training.step import make_step
from lsl_jax.training.workdir import claim, Workdir, WorkdirError

__all__ = [
    'AXIS_NAMES',
    'EXECUTORS',
    'Checkpoints',
    'CorruptCheckpointError',
    'Executor',
    'NonFiniteError',
    'Optimizer',
    'Preempted',
    'TrainState',
    'UnwrittenCheckpointError',
    'Workdir',
    'WorkdirError',
    'claim',
    'fit',
    'make_step',
]
