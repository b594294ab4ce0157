"""Learners of the low-shot benchmark as the config's variants make them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models, types
from lsl_jax.pipeline.learners import hallucination_learners
from lsl_jax.pipeline.learners.trained import Context
from lsl_jax.pipeline.stages import hallucination_phases


@pytest.mark.parametrize('variants', ['converged', 'authors,converged'])
def test_a_solver_at_rest_takes_generated_examples_in_either_balance(
    get_config, variants
):
  config = get_config(f'sgm_glyphs:{variants},smoke')
  module = models.Hallucinator(hidden=8)
  shape = lambda *sizes: jax.ShapeDtypeStruct(sizes, jnp.float32)
  key = jax.random.key(0)
  params = jax.eval_shape(module.init, key, *[shape(1, 4)] * 3)['params']
  numbers = {'learning_rate': 0.1, 'weight_decay': 0.01, 'per_class': 5}
  base = types.Base(shape(3, 4), shape(9, 4), np.arange(9, dtype=np.int32) % 3)
  support = types.Support(shape(2, 4), np.arange(2, dtype=np.int32), 2)

  def fit(params, centroids, base, features):
    made = hallucination_phases.Generation(params, centroids, module)
    learner = hallucination_learners.generation(
        Context(config, None, 1.0, {'generation': made}), numbers
    )
    return learner.fit(key, base, support.replace(features=features))

  # Traced alone: L-BFGS has tests of its own, and compiles for long.
  fitted = jax.eval_shape(fit, params, shape(3, 2, 4), base, support.features)
  shapes = {name: leaf.shape for name, leaf in fitted.items()}
  assert shapes == {'templates': (5, 4), 'bias': (5,)}
