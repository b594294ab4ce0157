"""A phase that several learners need is run once; an unknown one is told."""

import pytest

from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.stages import phases


def _entry(*needs):
  return registry.LearnerEntry('made up', 'features', None, needs)


@pytest.fixture
def ran(monkeypatch):
  """Two phases that note that they ran, and learners that need them."""
  calls = []

  def phase(name):
    def run(config, task, trained, workdir):
      calls.append((name, config, task, trained, workdir))
      return f'product of {name}'

    return run

  monkeypatch.setattr(
      phases, 'PHASES', {name: phase(name) for name in ('clusters', 'pairs')}
  )
  monkeypatch.setattr(
      registry,
      'LEARNERS',
      {
          'none': _entry(),
          'one': _entry('clusters'),
          'both': _entry('pairs', 'clusters'),
          'wrong': _entry('cluster'),
      },
  )
  return calls


def test_a_phase_that_two_learners_need_is_run_once(ran):
  products = phases.products('c', 't', 'n', 'w', ['none', 'one', 'both'])
  assert products == {
      'clusters': 'product of clusters',
      'pairs': 'product of pairs',
  }
  assert sorted(ran) == [
      ('clusters', 'c', 't', 'n', 'w'),
      ('pairs', 'c', 't', 'n', 'w'),
  ]


def test_no_phase_is_run_that_no_learner_needs(ran):
  assert not phases.products('c', 't', 'n', 'w', ['none'])
  assert not ran


def test_an_unknown_phase_is_told_with_those_that_are(ran):
  with pytest.raises(ValueError, match="phase 'cluster'; valid ones: clusters"):
    phases.products('c', 't', 'n', 'w', ['wrong'])
