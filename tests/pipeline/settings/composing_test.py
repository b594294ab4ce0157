"""Variants whose order does not matter, and those that contradict."""

import pytest

from lsl_jax.pipeline.settings import composing, defaults


def _set(**values):
  return lambda config: config.train.update(values)


def _note(text):
  def variant(config):
    config.data.path += text

  return variant


def _half(config):
  config.train.epochs /= 2


VARIANTS = {
    'short': _set(epochs=8.0),
    'half': _half,
    'long': _set(epochs=80.0),
    'large': _set(batch_size=512),
    'a': _note('a'),
    'b': _note('b'),
}


def _apply(spec):
  return composing.apply(
      defaults.defaults(), spec, VARIANTS, last=('half',), joined=('data.path',)
  )


def test_last_ones_see_what_others_chose():
  for spec in ('half,short', 'short,half', 'large,half,short,short'):
    assert _apply(spec).train.epochs == 4.0


def test_what_every_variant_adds_to_is_no_contradiction():
  for spec in ('a,b', 'b,a'):
    assert _apply(spec).data.path == 'ab'  # in the order of the table


def test_contradictions_name_the_key_and_both_variants():
  message = "'short' and 'long' contradict each other: both set train.epochs"
  for spec in ('short,long', 'long,large,short'):
    with pytest.raises(ValueError, match=message):
      _apply(spec)


def test_no_variants_leave_the_defaults_and_unknown_ones_are_refused():
  for spec in (None, '', ','):
    assert _apply(spec).to_dict() == defaults.defaults().to_dict()
  with pytest.raises(ValueError, match="unknown variant 'shrot'; valid ones"):
    _apply('short,shrot')
