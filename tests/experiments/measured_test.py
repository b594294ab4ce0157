import numpy as np
import pytest


@pytest.fixture
def measured(script):
  return script('measured')


def test_seeds_are_combined_by_their_means_and_students_interval(measured):
  by_seed = {0: np.array([0.0, 2.0]), 7: np.array([1.0, 3.0, 5.0])}
  found = measured.estimate(by_seed)
  # Means 1 and 3: their standard error is 1, t for one degree 12.706.
  assert found.mean == 2
  assert found.half_width == pytest.approx(12.706, abs=1e-3)
  assert found.source == '2 seeds, 2 draws each'


def test_the_draws_of_one_seed_give_an_interval_that_says_so(measured):
  found = measured.estimate({4: np.array([1.0, 2.0, 3.0])})
  # Standard deviation 1, t for two degrees 4.303.
  assert found.mean == 2
  assert found.half_width == pytest.approx(4.303 / 3**0.5, abs=1e-3)
  assert found.source == '3 draws of one seed'


def test_one_draw_of_one_seed_gives_no_interval(measured):
  found = measured.estimate({0: np.array([0.25])})
  assert found.mean == 0.25
  assert np.isnan(found.half_width)
  assert found.source == '1 draw of one seed'


def test_a_run_is_read_draw_by_draw(measured, make_run, tmp_path):
  make_run(
      tmp_path / 'run',
      shots=[1, 5],
      trials={'imprint/novel/top1': [[0.1, 0.5], [0.2, 0.6]]},
      curves=[
          ('imprint_finetune', 5, 1, [0.6, 0.7]),
          ('imprint_finetune', 5, 0, [0.5, 0.9]),
      ],
  )
  accuracies = measured.read(str(tmp_path / 'run')).accuracies
  assert {key: list(value) for key, value in accuracies.items()} == {
      ('imprint/novel/top1', 1): [0.1, 0.2],
      ('imprint/novel/top1', 5): [0.5, 0.6],
      ('imprint_finetune/novel/top1', 5): [0.9, 0.7],
      ('imprint_finetune_start/novel/top1', 5): [0.5, 0.6],
      ('imprint_finetune/all/top1', 5): [0.9, 0.7],
      ('imprint_finetune_start/all/top1', 5): [0.5, 0.6],
  }


def test_a_run_that_is_not_finished_is_none(measured, tmp_path):
  (tmp_path / 'trials.npz').write_bytes(b'')
  assert measured.read(str(tmp_path)) is None


def test_rows_are_of_the_seeds_that_have_the_number(
    measured, make_run, tmp_path
):
  for seed, value in ((0, 0.25), (1, 0.75)):
    make_run(
        tmp_path / str(seed),
        shots=[1],
        trials={'nearest/novel/top1': [[value]]},
        curves=[('joint', 1, 0, [0.0, 0.5])] if seed else (),
    )
  read = {s: measured.read(str(tmp_path / str(s))) for s in (0, 1)}
  rows = measured.rows({**read, 2: None})
  assert [(r['method'], r['split'], r['mean'], r['seeds']) for r in rows] == [
      ('Nearest neighbour', 'novel', 0.5, 2),
      ('AllClassJoint', 'novel', 0.5, 1),
      ('AllClassJoint', 'all', 0.5, 1),
  ]
  assert rows[0]['half_width'] == pytest.approx(12.706 * 0.25, abs=1e-3)
  assert rows[1]['half_width'] is None


def test_runs_that_differ_in_more_than_the_seed_are_refused(
    measured, make_run, tmp_path
):
  for seed, epochs in ((0, 1.0), (1, 2.0)):
    make_run(
        tmp_path / str(seed), shots=[1], seed=seed, train={'epochs': epochs}
    )
  read = {s: measured.read(str(tmp_path / str(s))) for s in (0, 1)}
  with pytest.raises(ValueError, match=r'than the seed: train\.epochs$'):
    measured.check_same_config('generalized', read)
  measured.check_same_config('generalized', {0: read[0], 5: read[0]})
