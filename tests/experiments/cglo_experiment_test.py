"""The scripts of experiments/cglo, from the first row to the latent space."""

import dataclasses
import importlib
import pathlib
import shutil
import subprocess
import sys
import types

import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax.pipeline import run, scripting
from lsl_jax.pipeline.cglo import cglo_training
from lsl_jax.pipeline.studies import cglo_pictures, small_sample_study
from lsl_jax.pipeline.variants import small_samples

# What ml_collections does when it loads a config.
pytestmark = pytest.mark.filterwarnings(
    'ignore:the load_module:DeprecationWarning'
)
_ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope='module')
def script():
  """Imports a script by name, as its neighbours do."""
  folder = str(_ROOT / 'experiments' / 'cglo')
  sys.path.insert(0, folder)
  yield importlib.import_module
  sys.path.remove(folder)


@pytest.fixture
def words(script, tmp_path):
  """`words(row)`: the command of a row."""
  return lambda row: script('sample_rows').command(
      'configs/cglo_glyphs.py:smoke', str(tmp_path), 5, row, ['seed=3']
  )


def _finish(folder):
  folder.mkdir(parents=True)
  (folder / 'results.json').write_text('{}')


def test_a_row_is_one_command_and_takes_generators_that_are_there(
    words, tmp_path
):
  shared = lambda row: [w for w in words(row) if 'cglo.workdir' in w]
  assert '--config=configs/cglo_glyphs.py:smoke,5,lerp' in words('lerp')
  assert f'--workdir={tmp_path}/n5/lerp' in words('lerp')
  assert '--config.seed=3' in words('lerp')
  assert not shared('lerp')
  _finish(tmp_path / 'n5' / 'cglo')
  assert shared('lerp') == [f'--config.cglo.workdir={tmp_path}/n5/cglo']
  # Another noise is another generator.
  assert not shared('no_noise')


def test_transductive_rows_take_a_transductive_generator(words, tmp_path):
  shared = lambda row: [w for w in words(row) if 'cglo.workdir' in w]
  _finish(tmp_path / 'n5' / 'cglo')
  assert shared('autoaugment_cglo')
  assert not shared('autoaugment_transductive')
  _finish(tmp_path / 'n5' / 'transductive')
  assert shared('autoaugment_transductive') == [
      f'--config.cglo.workdir={tmp_path}/n5/transductive'
  ]
  (spec,) = [w for w in words('autoaugment_transductive') if '.py:' in w]
  config = scripting.load_config(str(_ROOT / spec.split('=')[1]), ())
  assert config.small_sample.transductive
  assert config.data.augment.policy == 'cifar10'


def test_every_row_is_one_of_variants_and_sources_that_exist(script):
  rows = script('sample_rows').ROWS
  for row in rows.values():
    assert {*row.variants} <= {*small_samples.VARIANTS}
    assert not row.source or not rows[row.source].source


@pytest.fixture
def main(script, tmp_path, monkeypatch, capsys):
  """`main('sample_rows', ...)`: what a script prints."""

  def run_script(name, *options):
    monkeypatch.setattr(sys, 'argv', [f'{name}.py', *options])
    script(name).main()
    return capsys.readouterr().out

  return run_script


@pytest.fixture
def starts(script, monkeypatch):
  """`starts(run)`: instead of a process, `run(words)` gives its exit code."""

  def replace(run):
    start = lambda words, **_: subprocess.CompletedProcess(words, run(words))
    monkeypatch.setattr(
        script('sample_rows'), 'subprocess', types.SimpleNamespace(run=start)
    )

  return replace


def test_rows_come_behind_those_whose_generators_they_take(
    main, starts, tmp_path
):
  started = []

  def finish(words):
    workdir = pathlib.Path(words[4].split('=')[1])
    started.append('/'.join(workdir.parts[-2:]))
    _finish(workdir)
    return 0

  starts(finish)
  options = [
      *('--config=configs/cglo_glyphs.py', f'--workdir={tmp_path}'),
      *('--shots', '3', '5', '--rows'),
      *('lerp', 'autoaugment_transductive', 'cglo', 'transductive'),
  ]
  main('sample_rows', *options)
  assert started[:4] == [
      *('n3/cglo', 'n3/transductive'),
      *('n3/lerp', 'n3/autoaugment_transductive'),
  ]
  assert len(started) == 8
  main('sample_rows', *options)
  assert len(started) == 8  # finished ones are left alone


def test_a_row_that_fails_ends_the_script(main, starts, tmp_path):
  starts(lambda words: 7)
  with pytest.raises(SystemExit, match='cutout with 3 images ended with 7'):
    main(
        'sample_rows',
        *('--config=configs/cglo_glyphs.py', f'--workdir={tmp_path}'),
        *('--shots', '3', '--rows', 'cutout'),
    )


@pytest.fixture
def untrained(monkeypatch):
  """Nothing learns: steps, and what is drawn of them, have their own tests."""

  def step(state, *_):
    after = dataclasses.replace(state, step=state.step + 1)
    return after, {'loss': jnp.zeros(()), 'finite': jnp.ones(())}

  cglo_training.machinery.cache_clear()
  monkeypatch.setattr(
      cglo_training.synthesis, 'make_step', lambda *_, **__: step
  )
  monkeypatch.setattr(
      small_sample_study.fitting, 'fit', lambda *own, **_: own[4]
  )
  monkeypatch.setattr(cglo_pictures, 'figures', lambda *_: [])
  yield
  cglo_training.machinery.cache_clear()


@pytest.mark.usefixtures('untrained')
def test_a_row_is_run_and_its_latent_space_drawn(
    main, starts, script, tmp_path, monkeypatch
):
  def run_here(words):
    spec, workdir, setting = (word.partition('=')[2] for word in words[3:])
    assert words[5] == f'--config.small_sample.seeds={setting}'
    config = scripting.load_config(
        str(_ROOT / spec), [f'small_sample.seeds={setting}']
    )
    run.run(config, workdir)
    return 0

  starts(run_here)
  main(
      'sample_rows',
      *('--config=configs/cglo_glyphs.py:smoke', f'--workdir={tmp_path}'),
      *('--shots', '5', '--rows', 'cglo', '--set', 'small_sample.seeds=1'),
  )
  assert 'glyphs, top1 (%)' in main('sample_tables', f'--workdir={tmp_path}')
  # The other row is the same again, so that only one is trained.
  workdir = tmp_path / 'n5'
  shutil.copytree(workdir / 'cglo', workdir / 'no_classifier')
  latent_space, seen = script('latent_space'), []
  codes_of = latent_space.codes_of

  def watched(*arguments):
    seen.append(codes_of(*arguments))
    return seen[-1]

  monkeypatch.setattr(latent_space, 'codes_of', watched)
  shown = main('latent_space', f'--workdir={workdir}', '--classes=3')
  assert 'cglo: separation ' in shown and 'no_classifier: sep' in shown
  picture = (workdir / 'latent_space.png').read_bytes()
  assert picture.startswith(b'\x89PNG')
  (codes, labels), (others, _) = seen
  assert labels.tolist() == np.repeat(range(3), 4).tolist()
  np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1, atol=1e-5)
  np.testing.assert_array_equal(codes, others)


def test_separation_is_one_where_classes_mean_nothing(script):
  separation = script('latent_space').separation
  rng = np.random.default_rng(0)
  codes = rng.normal(size=(200, 8))
  labels = np.arange(200) % 4
  assert separation(codes, labels) == pytest.approx(1, abs=0.03)
  apart = codes + 3 * np.eye(8)[labels]
  assert separation(apart, labels) > 1.5
