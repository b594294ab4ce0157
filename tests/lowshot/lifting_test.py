"""Losses and learners can be lifted into other projects."""

import json
import subprocess
import sys


def _imported(statement):
  code = f'{statement}; import json, sys; print(json.dumps([*sys.modules]))'
  done = subprocess.run(
      [sys.executable, '-c', code], check=True, capture_output=True, text=True
  )
  return json.loads(done.stdout)


def test_losses_and_learners_import_nothing_but_jax_flax_optax_and_chex():
  ours = _imported(
      'import lsl_jax.losses, lsl_jax.lowshot, lsl_jax.representation'
  )
  allowed = _imported('import chex, flax.linen, flax.struct, jax.numpy, optax')
  top = lambda names: {name.split('.')[0] for name in names}
  assert top(ours) - top(allowed) == {'lsl_jax'}
  # And none of this project's machinery comes along.
  layers = {name.split('.')[1] for name in ours if name.startswith('lsl_jax.')}
  assert layers == {
      'losses',
      'lowshot',
      'models',
      'ops',
      'representation',
      'types',
  }
