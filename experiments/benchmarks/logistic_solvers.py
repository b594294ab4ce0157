"""The logistic learner by SGD and by the solver that rests: time, accuracy."""

import jax
import jax.numpy as jnp
import machine  # pyrefly: ignore[missing-import]

from lsl_jax import lowshot, types

# Solvers and their steps; of SGD, times the iterations.
WAYS = (
    ('sgd', 1),
    ('sgd', 4),
    ('sgd', 16),
    ('full', 10),
    ('full', 30),
    ('full', 100),
)


def compare(task, iterations: int, batch: int, ways, decays) -> list[dict]:
  """Seconds and accuracy of one draw, by SGD and by the solver that rests.

  Each with the weight decay that suits it best on the other examples; the time
  is that of one fit with it.
  """
  base, supports, labels, (queries, answers) = task
  support = types.Support(supports[0], labels, int(labels.max()) + 1)
  rows = []
  for solver, steps in ways:
    steps = steps * iterations if solver == 'sgd' else steps

    def fit(key, decay, base, support, solver=solver, steps=steps):
      learner = lowshot.logistic(
          solver=solver,
          iterations=steps,
          batch_size=batch,
          learning_rate=1.0,
          weight_decay=decay,
      )
      return learner.fit(key, base, support)

    fit = jax.jit(fit)
    tried = []
    for decay in decays:
      key = jax.random.key(1)
      seconds = machine.timed(fit, key, decay, base, support)
      fitted = fit(key, decay, base, support)
      right = jnp.argmax(lowshot.logistic().predict(fitted, queries), -1)
      tried.append((float(jnp.mean(right == answers)), decay, seconds))
    accuracy, decay, (seconds, processors) = max(tried[1:])  # 0 compiles
    rows.append(
        {
            'solver': solver,
            'steps': steps,
            'seconds': seconds,
            'processors': processors,
            'decay': decay,
            'accuracy': accuracy,
        }
    )
  return rows


def as_markdown(rows: list[dict]) -> list[str]:
  """Lines of a table of `compare`."""
  lines = [
      '',
      'One draw, rate 1.0, the best of the weight decays:',
      '',
      '| solver | steps | weight decay | s | processors, s | top-1 on other'
      ' examples, % |',
      '|---|---|---|---|---|---|',
  ]
  lines += [
      f'| {row["solver"]} | {row["steps"]} | {row["decay"]:g} |'
      f' {row["seconds"]:.2f} |'
      f' {row["processors"]:.2f} | {100 * row["accuracy"]:.2f} |'
      for row in rows
  ]
  return lines
