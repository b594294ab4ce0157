"""Variants of a config in whichever order they are named, to the same end."""

from collections.abc import Collection, Sequence
import itertools

from flax import traverse_util

from lsl_jax.pipeline.settings import defaults


def apply(
    config: defaults.Config,
    spec: str | None,
    variants: defaults.Variants,
    *,
    last: Sequence[str] = (),
    joined: Collection[str] = (),
) -> defaults.Config:
  """Applies variants in the order of their table, and some of them last.

  Args:
    config: changed in place.
    spec: names joined by commas, or None.
    variants: what there is.
    last: names of variants that look at what others have chosen, and may change
      it: applied after them, in this order.
    joined: dotted names of settings to which every variant adds.

  Returns:
    The config.

  Raises:
    ValueError: an unknown name, or two variants that set the same key to
      different values, neither of which is among the last.
  """
  names = {*filter(None, (spec or '').split(','))}
  table = [*(n for n in variants if n not in last), *last]
  ordered = sorted(names & {*table}, key=table.index)
  for pair in itertools.combinations(ordered, 2):
    if not {*pair} & {*last}:
      _refuse_contradiction(config, pair, variants, joined)
  # Unknown ones, too, to be refused.
  return defaults.apply(
      config, ','.join([*ordered, *sorted(names - {*table})]), variants
  )


def _refuse_contradiction(config, pair, variants, joined):
  """The order of two variants must not matter."""
  one, other = (
      traverse_util.flatten_dict(
          defaults.apply(
              config.copy_and_resolve_references(), ','.join(names), variants
          ).to_dict(),
          sep='.',
      )
      for names in (pair, pair[::-1])
  )
  for key in sorted({*one, *other} - {*joined}):
    if one.get(key) != other.get(key):
      raise ValueError(
          f'variants {pair[0]!r} and {pair[1]!r} contradict each other: both'
          f' set {key}, so name one of them'
      )
