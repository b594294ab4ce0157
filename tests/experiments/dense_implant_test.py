"""Tables and claims of dense classification, from runs made up for them."""

import argparse
import importlib
import json
import pathlib

import numpy as np
import pytest

from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.variants import dense

_FOLDER = pathlib.Path(__file__).parents[2] / 'experiments' / 'dense_implant'
_ROOT = _FOLDER.parents[1]


@pytest.fixture
def scripts(monkeypatch):
  """Imports a script by name, as its neighbours do."""
  monkeypatch.syspath_prepend(_FOLDER)
  return importlib.import_module


@pytest.fixture
def experiment(scripts, tmp_path):
  runs = scripts('dense_runs')
  return runs.Experiment(
      f'{_ROOT}/configs/dense_fc100.py:quarter,smoke', str(tmp_path)
  )


def make(experiment, name, seed, values, tasks='a'):
  """Writes what a finished run leaves: `{(learner, split, shots): trials}`."""
  folder = pathlib.Path(experiment.folder(name, seed))
  folder.mkdir(parents=True)
  rows = [
      {
          'method': learner,
          'learner': learner,
          'shots': shots,
          'split': split,
          'metric': 'top1',
          'mean': float(np.mean(trials)),
          'half_width': 0.01,
          'trials': len(trials),
      }
      for (learner, split, shots), trials in values.items()
  ]
  hashes = {str(shots): tasks for _, _, shots in values}
  config = {'data': {'split': 'fc100'}}
  content = {
      'rows': rows,
      'metadata': {'episodes_hash': hashes, 'config': config},
  }
  (folder / 'results.json').write_text(json.dumps(content))
  np.savez(
      folder / 'trials.npz',
      **{
          f'{learner}/{split}/top1/n{shots}': np.array(trials)
          for (learner, split, shots), trials in values.items()
      },
  )


DENSE = {
    ('proto_gap_dense', 'novel', 5): [0.7, 0.8, 0.9],
    ('proto_gmp_gmp', 'novel', 5): [0.5, 0.6, 0.7],
}
POOLED = {('proto_gap_gap', 'novel', 5): [0.59, 0.7, 0.81]}


def test_a_claim_is_a_paired_difference_over_tasks_of_one_seed(
    scripts, experiment
):
  claims = scripts('dense_claims')
  make(experiment, 'dc', 0, DENSE)
  make(experiment, 'gap', 0, POOLED)
  found = claims.lines(experiment, [0])
  assert [line[0] for line in found] == [
      'dense training beats pooling on ResNet-12',
      '... tested by maxima as in table 1',
  ]
  # Differences 0.11, 0.1 and 0.09: their spread, not that of the tasks;
  # Student's 4.3 standard errors.
  assert found[0][2:] == ['5', '+10.00 ± 2.48', 'holds']
  assert found[1][3:] == ['-10.00 ± 2.48', 'does not hold']


def test_of_several_seeds_the_interval_is_over_seeds(scripts, experiment):
  claims = scripts('dense_claims')
  for seed, more in enumerate((0.0, 0.1)):
    shifted = {key: [v + more for v in x] for key, x in DENSE.items()}
    make(experiment, 'dc', seed, shifted)
    make(experiment, 'gap', seed, POOLED)
  line = claims.lines(experiment, [0, 1])[0]
  assert line[3] == '+15.00 ± 63.53'  # Student's 12.7 standard errors
  assert line[4] == 'undecided'


def test_different_tasks_are_not_compared(scripts, experiment):
  claims = scripts('dense_claims')
  make(experiment, 'dc', 0, DENSE, tasks='a')
  make(experiment, 'gap', 0, POOLED, tasks='b')
  with pytest.raises(ValueError, match='different 5-shot tasks'):
    claims.lines(experiment, [0])


def test_what_is_said_to_be_less_holds_where_it_is_less(scripts, experiment):
  claims = scripts('dense_claims')
  make(experiment, 'dc', 0, DENSE)
  make(
      experiment, 'wide', 0, {('proto_gap_dense', 'novel', 5): [0.6, 0.7, 0.7]}
  )
  found = {line[0]: line[4] for line in claims.lines(experiment, [0])}
  assert found == {'WIDE adds less than half a point': 'undecided'}
  make(experiment, 'c128f_gap', 0, {('proto_gap_gap', 'novel', 5): [0.9] * 3})
  make(experiment, 'c128f_dc', 0, {('proto_gmp_gmp', 'novel', 5): [0.8] * 3})
  found = {line[0]: line[4] for line in claims.lines(experiment, [0])}
  assert found['dense training hurts C128F'] == 'holds'


def test_a_table_has_paper_and_measured_side_by_side(scripts, experiment):
  tables = scripts('dense_tables')
  make(experiment, 'dc', 0, DENSE)
  make(experiment, 'gap', 0, POOLED)
  make(
      experiment,
      'implants',
      0,
      {('implant_gap_gap_dense', 'novel', 5): [0.5, 0.5]},
  )
  _, lines = tables.make(experiment, 5, [0])
  by_row = {(line[1], line[2]): line for line in lines}
  assert by_row['DC', '5'][4:] == ['57.05', '80.00 ± 1.00', '+22.95']
  assert by_row['GAP', '5'][4] == '56.63'
  assert by_row['DC + IMP', '5'][5] == '50.00 ± 1.00'
  assert by_row['DC', '10'][5] == 'not measured'
  text = pathlib.Path(experiment.workdir, 'table_5.md').read_text()
  assert '57.05' in text
  assert '* seed 0, gap, dc, implants: 5-shot `a`\n' in text


def test_a_table_of_another_data_set_has_no_numbers_of_the_paper(
    scripts, experiment
):
  tables = scripts('dense_tables')
  values = {(learner, 'all', 5): [0.5] for learner in dense.POOLINGS}
  for run in ('gap_poolings', 'dc_poolings'):
    make(experiment, run, 0, values)
  _, lines = tables.make(experiment, 2, [0])
  assert {tuple(line[4:]) for line in lines} == {('50.00 ± 1.00',)}
  text = pathlib.Path(experiment.workdir, 'table_2.md').read_text()
  assert 'The table of the paper is of miniimagenet.' in text


@pytest.mark.filterwarnings(
    'ignore:the load_module:DeprecationWarning'  # ml_collections
)
def test_every_row_of_every_table_has_a_run_and_a_learner(scripts, experiment):
  tables, runs = scripts('dense_tables'), scripts('dense_runs')
  paper = json.loads((_FOLDER / 'lifchitz2019.json').read_text())['tables']
  for number, rows in tables.TABLES.items():
    assert {entry['method'] for entry in paper[str(number)]} == set(rows)
    for run, learner in rows.values():
      config = experiment.config(run, 0)
      assert learner in registry.LEARNERS
      assert learner in config.learners
  for run, network in runs.RUNS.values():
    assert not network or network in runs.RUNS, run


def test_the_figure_shows_images_of_every_kind(scripts):
  figure = scripts('dense_figure')
  is_base = np.array([True, True, False, False, False, True])
  pooled = np.array([True, False, True, False, True, True])
  dense = np.array([True, True, True, True, False, True])
  seen = {
      'pooled': figure.Seen(np.zeros((6, 1, 1)), pooled),
      'dense': figure.Seen(np.zeros((6, 1, 1)), dense),
  }
  assert figure.choose(seen, is_base, 1).tolist() == [0, 2, 3, 4]


@pytest.mark.filterwarnings('ignore:the load_module:DeprecationWarning')
def test_options_of_implants_are_compared_task_by_task_on_validation_classes(
    scripts, tmp_path, monkeypatch
):
  options = scripts('implant_options')
  gains = {'learning_rate=0.1': 0.01, 'blocks=2,channels=4': 0.03}
  seen = {}

  def run(config, folder):
    name = pathlib.Path(folder).name
    seen[name] = config
    (pathlib.Path(folder)).mkdir(parents=True)
    (pathlib.Path(folder) / 'results.json').write_text('{}')
    gain = gains[name.replace('+', ',')]
    without = np.array([0.5, 0.7])
    np.savez(
        pathlib.Path(folder) / 'trials.npz',
        **{
            'proto_gap_dense/novel/top1/n5': without,
            'implant_gap_gap_dense/novel/top1/n5': without + gain,
        },
    )

  monkeypatch.setattr(options.pipeline, 'run', run)
  given = argparse.Namespace(
      config=f'{_ROOT}/configs/dense_fc100.py:quarter,implants',
      workdir=str(tmp_path),
      network='runs/dc',
      seeds=[3],
      settings=['episodes.tasks=7'],
      tried=list(gains),
      shots=[5],
  )
  assert options.lines(given) == [
      ['blocks=2,channels=4', '63.00', '+3.00 ± 0.00'],
      ['learning_rate=0.1', '61.00', '+1.00 ± 0.00'],
  ]
  config = seen['blocks=2+channels=4']
  assert config.evaluation.classes == 'validation'
  assert config.representation.workdir == 'runs/dc'
  assert (config.seed, config.episodes.tasks) == (3, 7)
  assert (config.implants.blocks, config.implants.channels) == (2, 4)
  with pytest.raises(ValueError, match='1 shots were not measured'):
    options.lines(argparse.Namespace(**{**vars(given), 'shots': [1]}))
