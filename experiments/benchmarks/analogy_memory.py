"""Memory of mining analogies: what is planned, and what XLA sets aside for it.

Nothing is mined, so that sizes may be those that would take days here.
"""

from typing import Any

import jax
import jax.numpy as jnp

from lsl_jax import ops
from lsl_jax.ops import analogy_plan, analogy_search

# Classes, centroids, dimensions: ImageNet's base classes and more centroids.
SIZES = (
    (389, 100, 512),
    (389, 100, 2048),
    (389, 500, 2048),
    (389, 1000, 2048),
)


def measure(size: tuple[int, int, int], tile: int) -> dict[str, Any]:
  """Bytes beside centroids and result, with defaults but for the tile."""
  options = {**(ops.mine_analogies.__kwdefaults__ or {}), 'tile': tile}
  plan = analogy_plan.plan(*size, **options)
  num_classes, count, _ = size
  lengths = jax.ShapeDtypeStruct((num_classes, count // 2, count), jnp.float32)
  search = analogy_search.best_pairs.lower(
      jax.ShapeDtypeStruct(size, jnp.float32),
      lengths if plan.keep_lengths else None,
      0,
      tile=plan.tile,
      partners=plan.partners,
  )
  compiled = search.compile().memory_analysis()
  assert compiled is not None
  kept = 4 * lengths.size if plan.keep_lengths else 0
  return {
      'classes x centroids x dimensions': size,
      'budget, bytes': options['memory_gb'] * 1e9,
      'planned, bytes': plan.num_bytes,
      'compiled, bytes': (
          kept + compiled.temp_size_in_bytes + compiled.output_size_in_bytes
      ),
      'classes at once': plan.partners,
      'lengths kept, bytes': kept,
  }


def as_markdown(rows: list[dict[str, Any]]) -> list[str]:
  """A table of them, in MB."""
  lines = [
      f'Memory beside centroids and result, of'
      f' {rows[0]["budget, bytes"] / 1e6:.0f} MB that it may take:',
      '',
      '| classes | centroids | dimensions | planned, MB | compiled, MB |'
      ' of which lengths that are kept, MB | classes at once |',
      '|---|---|---|---|---|---|---|',
  ]
  for row in rows:
    size = ' | '.join(map(str, row['classes x centroids x dimensions']))
    planned, compiled, kept = (
        row[f'{name}, bytes'] / 1e6
        for name in ('planned', 'compiled', 'lengths kept')
    )
    lines.append(
        f'| {size} | {planned:.1f} | {compiled:.1f} | {kept:.1f} |'
        f' {row["classes at once"]} |'
    )
  return lines
