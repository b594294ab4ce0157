"""A script's mistakes are told in a line; its options are those of all."""

import sys

import pytest

from lsl_jax.pipeline import run, runtime, scripting


@pytest.mark.parametrize(
    ('error', 'message'),
    [
        (FileNotFoundError('no data'), r'^claims\.py: no data$'),
        (run.Preempted(7), 'the same command goes on from there$'),
    ],
)
def test_what_a_user_can_mend_is_a_message(monkeypatch, error, message):
  monkeypatch.setattr(runtime, 'start', lambda: None)
  monkeypatch.setattr(sys, 'argv', ['folder/claims.py'])

  def main():
    raise error

  with pytest.raises(SystemExit, match=message):
    scripting.start(main)


def test_what_is_no_mistake_of_the_user_is_not_hidden(monkeypatch):
  monkeypatch.setattr(runtime, 'start', lambda: None)

  def main():
    raise ZeroDivisionError

  with pytest.raises(ZeroDivisionError):
    scripting.start(main)


def test_a_setting_without_a_value_is_refused():
  with pytest.raises(ValueError, match='--set seed: expected KEY=VALUE'):
    scripting.load_config('configs/imprint_glyphs.py', ['seed'])


def test_settings_add_up_and_seeds_are_numbers():
  options = scripting.parser(None).parse_args(
      [
          '--workdir=w',
          '--seeds',
          '1',
          '2',
          '--set',
          'a=1',
          'b=2',
          '--set',
          'c=3',
      ]
  )
  assert options.seeds == [1, 2]
  assert options.settings == ['a=1', 'b=2', 'c=3']


def test_a_run_is_finished_once_its_results_are_there(tmp_path):
  assert not scripting.is_finished(str(tmp_path))
  (tmp_path / 'results.json').write_text('{}')
  assert scripting.is_finished(str(tmp_path))
