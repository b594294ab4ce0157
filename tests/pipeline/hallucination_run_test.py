"""The low-shot benchmark: phases made once, tuning, features as data."""

import json
import shutil

import numpy as np
import pytest

from lsl_jax.data.reading import feature_files
from lsl_jax.pipeline import run
from lsl_jax.pipeline.problems import sources
from lsl_jax.pipeline.stages import phase1

# Of the network's classifier: rows of no class, as the authors' network has.
SPARE = 3
ROWS = 'params/classifier/templates'
LEARNERS = (
    'logistic',
    'logistic_hallucinate',
    'logistic_aug',
    'model_regression',
    'matching_network',
    'nearest_mean',
)


@pytest.fixture(scope='module')
def finished(get_config, tmp_path_factory):
  """Config, workdir and rows of a run of every learner, and its features."""
  folder = tmp_path_factory.mktemp('hallucination')
  config = get_config('sgm_glyphs:sgm,smoke')
  config.learners = LEARNERS
  config.model.spare_rows = SPARE
  config.evaluation.shots = (1,)
  config.hallucination.tuning.enabled = True
  config.export_features = str(folder / 'features.npz')
  rows = run.run(config, str(folder / 'run'))
  return config, folder / 'run', rows


def _dates(workdir):
  kept = [*workdir.glob('hallucination/**/*.npz'), *workdir.glob('tuning/*')]
  return {path: path.stat().st_mtime_ns for path in kept}


def test_every_learner_is_measured_in_every_label_space(finished):
  _, _, rows = finished
  assert {row['learner'] for row in rows} == set(LEARNERS)
  assert {'novel', 'all', 'novel_only', 'all_prior'} <= {
      row['split'] for row in rows
  }
  for row in rows:
    assert row['deviation'] >= 0
    assert row['trials'] == 2


def test_numbers_are_chosen_where_the_grid_is_best_and_told(finished):
  _, workdir, _ = finished
  told = json.loads((workdir / 'results.json').read_text())['metadata'][
      'tuning'
  ]
  assert set(told) == set(LEARNERS[:4])
  for name, record in told.items():
    points = record['grid']
    assert len(points) == (4 if name == 'logistic_hallucinate' else 2)
    best = max(points, key=lambda point: point['mean'])
    assert best['mean'] == max(point['mean'] for point in points)
    assert {k: best[k] for k in record['chosen']} == record['chosen']
    assert record['classes'] == {'base': 6, 'validation': 6}
    assert np.mean(points[0]['by shots']) == pytest.approx(points[0]['mean'])


def test_a_phase_that_is_there_is_not_repeated_and_one_that_is_lost_is(
    finished, tmp_path
):
  config, workdir, rows = finished
  copy = tmp_path / 'run'
  shutil.copytree(workdir, copy)
  lost = copy / 'hallucination' / 'analogies' / '0003.npz'
  content = np.load(lost)['quadruples']
  before = _dates(copy)
  assert len(before) == 6 + 4 + 4  # analogies of classes, others, tuning
  lost.write_bytes(lost.read_bytes()[:-30])
  (copy / 'hallucination' / 'generator.npz').unlink()
  again = config.copy_and_resolve_references()
  assert run.run(again, str(copy)) == rows
  after = _dates(copy)
  changed = {p.name for p in before if after[p] != before[p]}
  assert changed == {'0003.npz', 'generator.npz'}
  np.testing.assert_array_equal(np.load(lost)['quadruples'], content)


def test_exported_features_give_the_same_numbers_without_images(
    finished, tmp_path
):
  config, workdir, rows = finished
  exported = feature_files.read(config.export_features)
  assert exported.classifier.shape == (6, exported.features.shape[1])
  own = config.copy_and_resolve_references()
  own.data.name, own.data.path = 'features', config.export_features
  own.data.max_classes = 0
  own.export_features = str(tmp_path / 'again.hdf5')
  with own.data.ignore_type():
    own.data.split = {
        part: classes
        for part, classes in json.loads(
            (workdir / 'split.json').read_text()
        ).items()
        if part in ('base', 'validation', 'novel')
    }
  own.learners = ('logistic', 'nearest_mean')
  found = run.run(own, str(tmp_path / 'run'))
  expected = [row for row in rows if row['learner'] in own.learners]
  for row, other in zip(found, expected, strict=True):
    assert row['learner'] == other['learner']
    np.testing.assert_allclose(row['mean'], other['mean'], atol=1e-6)
  again = feature_files.read(
      tmp_path / 'again.hdf5', tmp_path / 'again_test.hdf5'
  )
  assert again.is_train.sum() == exported.is_train.sum()


def test_fine_tuning_leaves_out_the_rows_of_no_class(
    finished, get_config, parameters, tmp_path
):
  _, workdir, _ = finished
  assert len(parameters(workdir)[ROWS]) == 6 + SPARE
  config = get_config('sgm_glyphs:sgm,finetune,smoke')
  config.model.spare_rows = SPARE
  config.evaluation.curve_every_epochs = 0.0
  config.representation.workdir = str(workdir)
  rows = run.run(config, str(tmp_path))
  assert {row['learner'] for row in rows} == {'random_finetune'}
  assert {'novel', 'base', 'all', 'novel_only'} <= {r['split'] for r in rows}


def test_triplets_go_on_from_a_finished_run_and_keep_its_classifier(
    finished, get_config, parameters, tmp_path
):
  _, workdir, _ = finished
  config = get_config('sgm_glyphs:triplet,smoke')
  config.representation.start = str(workdir)
  problem, _ = sources.load(config, str(tmp_path))
  train = lambda: phase1.train(config, problem, None, str(tmp_path))
  with pytest.raises(ValueError, match=r'(?s)another one:.*model\.spare_rows'):
    train()
  config.model.spare_rows = SPARE
  trained = train()
  before, after = parameters(workdir), parameters(tmp_path)
  # But for weight decay; the generator learns through these rows.
  np.testing.assert_allclose(trained.classifier, before[ROWS], rtol=1e-4)
  layers = [name for name in before if name.startswith('params/backbone')]
  assert max(np.abs(after[n] - before[n]).max() for n in layers) > 1e-6


def test_views_of_features_are_refused(finished, tmp_path):
  config, _, _ = finished
  own = config.copy_and_resolve_references()
  own.data.name, own.data.path = 'features', config.export_features
  own.data.max_classes = 0
  own.export_features = ''
  with own.data.ignore_type():
    own.data.split = {'base': 6, 'validation': 6, 'novel': 6}
  own.learners = ('imprint_aug',)
  with pytest.raises(ValueError, match='no augmented views'):
    run.run(own, str(tmp_path / 'run'))
