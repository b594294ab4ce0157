import jax
import optax
import pytest

from lsl_jax import training


def test_a_new_state_separates_parameters_from_the_models_state(tiny):
  variables = tiny.variables()
  state = training.TrainState.create(variables, optax.sgd(0.1))
  assert state.step == 0
  assert set(state.model_state) == {'batch_stats'}
  assert jax.tree.structure(state.variables) == jax.tree.structure(variables)
  jax.tree.map(lambda a, b: a is b or pytest.fail(), state.variables, variables)


def test_variables_without_parameters_are_refused():
  with pytest.raises(ValueError, match=r"'params'.*'weights'"):
    training.TrainState.create({'weights': {}}, optax.sgd(0.1))
