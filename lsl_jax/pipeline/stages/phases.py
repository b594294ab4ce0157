"""What learners may need between the trained network and their fitting.

Each phase is a function `(config, task, trained, workdir) -> product` that
keeps what it makes in the workdir and does not repeat what is there. Learners
of the registry name the phases that they need; those that need one share it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lsl_jax.pipeline import choices
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.learners.trained import Trained
from lsl_jax.pipeline.problems import task
from lsl_jax.pipeline.stages import hallucination_phases, metric_phases, tuning

Phase = Callable[[Any, task.Task, Trained, str], Any]

PHASES: Mapping[str, Phase] = {
    'semantics': metric_phases.semantics,
    'weight_generator': metric_phases.weight_generator,
    'base_examples': hallucination_phases.base_examples,
    'generation': hallucination_phases.generation,
    'matching': hallucination_phases.matching,
    'regression': hallucination_phases.regression,
    'tuning': tuning.choices,
}


def products(
    config: Any,
    problem: task.Task,
    trained: Trained,
    workdir: str,
    learners: Iterable[str],
) -> dict[str, Any]:
  """Runs every phase that some learner needs, once.

  Args:
    config: the whole config.
    problem: what is to be learned and tested.
    trained: phase 1's network.
    workdir: of the run.
    learners: names of the registry.

  Returns:
    Products by the phases' names.
  """
  needed = {p: None for name in learners for p in registry.LEARNERS[name].needs}
  return {
      name: choices.choose(PHASES, name, 'phase')(
          config, problem, trained, workdir
      )
      for name in needed
  }
