"""Takes over the generators and codes that another run has trained.

Rows that differ in how a classifier is trained, or in what is sampled between
codes, can so share one cGLO: `config.cglo.workdir`.
"""

import os
from typing import Any

import jax
from jax.experimental import multihost_utils

from lsl_jax.pipeline.problems import samples
from lsl_jax.pipeline.stages import sharing

# What the training of cGLO depends on, and what of it changes nothing.
_PARTS = ('seed', 'data', 'small_sample', 'cglo')
_MAY_DIFFER = (
    'cglo.workdir',
    'cglo.log_every',
    'cglo.checkpoint_every_epochs',
    'data.augment',
    'data.normalisation',
    'data.path',
    'data.workers',
    'data.memory_gb',
    'small_sample.method',
    'small_sample.title',
    'small_sample.seeds',
)


def take(config: Any, workdir: str) -> None:
  """Copies what another run has trained, for every seed that it has.

  Args:
    config: the whole config; `cglo.workdir` is copied from.
    workdir: of this run, which keeps what it already has.

  Raises:
    FileNotFoundError: there is no finished run.
    ValueError: it is of another sample or of another cGLO; the message names
      the keys.
  """
  source = os.path.expanduser(config.cglo.workdir)
  if jax.process_index() == 0:
    theirs = sharing.finished(source, 'cglo.workdir', needed=())
    sharing.refuse(
        differences(config.to_dict(), theirs),
        f'cglo.workdir: cGLO of {source} is another one',
    )
    for seed in range(config.small_sample.seeds):
      ours = samples.folder(workdir, seed, 'cglo')
      if not os.path.exists(ours):
        os.makedirs(os.path.dirname(ours), exist_ok=True)
        sharing.copy(samples.folder(source, seed, 'cglo'), ours)
  if jax.process_count() > 1:
    multihost_utils.sync_global_devices('generators taken over')


def differences(here: dict[str, Any], there: dict[str, Any]) -> list[str]:
  """What keeps two configs from having the same cGLO; see `sharing`."""
  return sharing.differences(here, there, _PARTS, _MAY_DIFFER)
