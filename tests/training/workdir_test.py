import json
import subprocess
import sys

import pytest

from lsl_jax import training

CONFIG = {
    'data': {'name': 'glyphs', 'size': 32},
    'optimizer': {'learning_rate': 0.1, 'boundaries': (30, 60)},
    'log_every': 100,
}


def _with(path, value):
  """CONFIG with one dotted setting changed."""
  config = json.loads(json.dumps(CONFIG))
  *parents, name = path.split('.')
  inner = config
  for parent in parents:
    inner = inner[parent]
  inner[name] = value
  return config


def test_the_first_claim_writes_the_config_and_the_same_may_come_again(
    tmp_path,
):
  for _ in range(2):
    with training.claim(tmp_path / 'run', CONFIG) as workdir:
      written = json.loads((workdir.path / 'config.json').read_text())
  assert written == json.loads(json.dumps(CONFIG))


def test_another_config_is_refused_with_every_key_that_differs(tmp_path):
  training.claim(tmp_path, CONFIG).release()
  other = _with('optimizer.learning_rate', 0.2)
  other['data'] = {'name': 'glyphs', 'crop': 28}
  with pytest.raises(training.WorkdirError) as caught:
    training.claim(tmp_path, other)
  assert str(caught.value).splitlines()[1:-1] == [
      '  data.crop: absent there, 28 here',
      '  data.size: 32 there, absent here',
      '  optimizer.learning_rate: 0.1 there, 0.2 here',
  ]
  training.claim(tmp_path, CONFIG).release()  # and the refusal held no lock


def test_named_settings_may_differ(tmp_path):
  training.claim(tmp_path, CONFIG).release()
  other = _with('data.size', 64)
  training.claim(tmp_path, other, may_differ=('data',)).release()
  with pytest.raises(training.WorkdirError, match=r'data.size'):
    training.claim(tmp_path, other, may_differ=('dat', 'data.name'))


def test_a_setting_newer_than_the_folder_counts_as_at_its_default(tmp_path):
  training.claim(tmp_path, CONFIG).release()
  newer = _with('data.mirror', False)
  usual = {'data': {'mirror': False, 'size': 28}}
  training.claim(tmp_path, newer, defaults=usual).release()
  newer['data']['mirror'] = True
  with pytest.raises(training.WorkdirError) as caught:
    training.claim(tmp_path, newer, defaults=usual)
  assert str(caught.value).splitlines()[1:-1] == [
      '  data.mirror: false there, true here'
  ]


def test_two_live_runs_cannot_share_a_folder(tmp_path):
  with (
      training.claim(tmp_path, CONFIG),
      pytest.raises(
          training.WorkdirError,
          match=r'Another run .process [0-9]+. is at work',
      ),
  ):
    training.claim(tmp_path, CONFIG)
  training.claim(tmp_path, CONFIG).release()


def test_a_killed_run_leaves_no_lock_behind(tmp_path):
  program = (
      'import sys, time\n'
      'from lsl_jax.training import workdir\n'
      f'claim = workdir.claim({str(tmp_path)!r}, {{}})\n'
      'print("claimed", flush=True)\n'
      'time.sleep(60)\n'
  )
  with subprocess.Popen(
      [sys.executable, '-c', program], stdout=subprocess.PIPE, text=True
  ) as process:
    assert process.stdout.readline() == 'claimed\n'
    with pytest.raises(training.WorkdirError, match=f'process {process.pid}'):
      training.claim(tmp_path, {})
    process.kill()
  training.claim(tmp_path, {}).release()


def test_a_damaged_config_file_is_named(tmp_path):
  (tmp_path / 'config.json').write_text('{"data": ')
  with pytest.raises(training.WorkdirError, match=r'config.json is not valid'):
    training.claim(tmp_path, CONFIG)
