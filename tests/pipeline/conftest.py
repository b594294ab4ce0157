"""Configs as tests want them, finished runs to share, and the real command."""

import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
from orbax.checkpoint import v1 as orbax
import pytest

from lsl_jax.pipeline import run

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope='session')
def get_config():
  """`get_config('imprint_glyphs:smoke')`, as the command line reads it."""

  def get(spec):
    name, _, variants = spec.partition(':')
    path = ROOT / 'configs' / f'{name}.py'
    module_spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module.get_config(variants or None)

  return get


@pytest.fixture(scope='session')
def parameters():
  """The newest checkpoint below a workdir: arrays by name."""

  def read(workdir):
    folder = pathlib.Path(workdir) / 'checkpoints'
    newest = max(int(p.name) for p in folder.iterdir() if p.name.isdigit())
    tree = orbax.load(folder / str(newest))
    return {name: np.asarray(array) for name, array in tree.items()}

  return read


@pytest.fixture(scope='session')
def stored_features():
  """Features below a workdir, `[M, D]`, and which rows are there, `[M]`."""

  def read(workdir):
    folder = pathlib.Path(workdir) / 'features' / 'images'
    there = np.load(folder / 'checks.npy') >= 0
    return np.load(folder / 'features.npy'), there

  return read


@pytest.fixture(scope='session')
def steps_made():
  """How many training steps the logs below a workdir tell of, by log."""

  def read(workdir):
    return {
        str(path.relative_to(workdir)): [
            record['step']
            for record in map(json.loads, path.read_text().splitlines())
            if 'loss' in record
        ]
        for path in pathlib.Path(workdir).rglob('metrics.jsonl')
    }

  return read


@pytest.fixture(scope='session')
def command(one_device):
  """Starts the real command on one device: `command(config, workdir, ...)`."""

  def start(config, workdir, *arguments):
    return subprocess.Popen(
        [
            *(sys.executable, '-m', 'lsl_jax.main'),
            *(f'--config={config}', f'--workdir={workdir}', *arguments),
        ],
        cwd=ROOT,
        env=one_device,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

  return start


@pytest.fixture(scope='session')
def fine_tuned(get_config, tmp_path_factory):
  """The workdir, config and rows of a run with fine-tuning, not to be changed.

  Two draws, and one scale a class, which everything else must carry along.
  """
  config = get_config('imprint_glyphs:per_class_scale,finetune,smoke')
  config.evaluation.trained_draws = 2
  workdir = tmp_path_factory.mktemp('fine_tuned') / 'run'
  return workdir, config, run.run(config, str(workdir))


@pytest.fixture
def copied(fine_tuned, tmp_path):
  """A copy of that run: workdir, config and rows."""
  workdir, config, rows = fine_tuned
  shutil.copytree(workdir, tmp_path / 'run')
  return tmp_path / 'run', config.copy_and_resolve_references(), rows
