"""Tables and claims of cGLO, from runs made up for them."""

import importlib
import pathlib
import sys

import numpy as np
import pytest

from lsl_jax import report
from lsl_jax.pipeline import scripting

# What ml_collections does when it loads a config.
pytestmark = pytest.mark.filterwarnings(
    'ignore:the load_module:DeprecationWarning'
)
_ROOT = pathlib.Path(__file__).parents[2]
_NARROW = ('cglo_cifar100:small,efficientnet', 'data.max_classes=20')


@pytest.fixture
def script(monkeypatch):
  monkeypatch.syspath_prepend(_ROOT / 'experiments' / 'cglo')
  return importlib.import_module


@pytest.fixture
def finish(script, tmp_path):
  """`finish(shots, row, values, ...)`: what a finished row leaves."""

  def write(
      shots,
      row,
      values,
      config='cglo_cifar100',
      *settings,
      data='cifar100',
      classes=100,
      samples='abc',
  ):
    name, _, own = config.partition(':')
    variants = [*filter(None, [own]), *script('sample_rows').ROWS[row].variants]
    spec = f'{_ROOT}/configs/{name}.py:{",".join(variants)}'
    metrics = ('top1', 'top5')
    rows = [
        {
            'method': 'whatever the config says',
            'shots': shots,
            'split': 'all',
            'metric': metric,
            'mean': float(np.mean(values)),
            'half_width': 0.01,
        }
        for metric in metrics
    ]
    metadata = {
        'config': scripting.load_config(spec, settings).to_dict(),
        'data': data,
        'classes': classes,
        'accuracies': [dict.fromkeys(metrics, value) for value in values],
        'samples': list(samples[: len(values)]),
    }
    folder = tmp_path / f'n{shots}' / row
    report.results.write(folder, rows, title='', metadata=metadata)

  return write


@pytest.fixture
def runs(script, tmp_path):
  return lambda: script('sample_results').read(str(tmp_path))


@pytest.fixture
def main(script, tmp_path, monkeypatch, capsys):
  """`main('sample_tables')`: the file that a script writes."""

  def run(name, file):
    monkeypatch.setattr(sys, 'argv', [f'{name}.py', f'--workdir={tmp_path}'])
    script(name).main()
    text = (tmp_path / file).read_text()
    return text, capsys.readouterr().out

  return run


def _line(part, title, metric='Top-1'):
  (line,) = [x for x in part.lines if x[1] == title and metric in x[3]]
  return line


def test_tables_set_what_was_measured_beside_the_papers_numbers(
    script, finish, runs
):
  finish(25, 'cglo', [0.44, 0.46])
  finish(25, 'baseline', [0.35])
  lay_out = script('sample_tables').lay_out
  part = lay_out('3', runs(), everything=False)
  assert part.title == 'Table 3, CIFAR-100'
  assert {line[1] for line in part.lines} == {'cGLO', 'Baseline'}
  assert _line(part, 'cGLO')[4:] == ['43.84', '45.00 ± 1.00', '+1.16']
  assert part.note == (
      'Measured: data cifar100; classes 100; network wide_resnet (depth 28,'
      ' dropout 0.3, width 10); training 200 epochs; generator convolutional,'
      ' 200 epochs; perceptual network vgg16; seeds 2 (Baseline, N = 25: 1).'
  )
  part = lay_out('3', runs(), everything=True)
  assert {line[1] for line in part.lines} > {'cGLO', 'Baseline', 'lerp'}
  assert not lay_out('4', runs(), everything=False).lines


def test_another_setting_than_the_papers_has_no_difference_to_it(
    script, finish, runs
):
  finish(25, 'cglo', [0.45], *_NARROW, classes=20)
  finish(25, 'baseline', [0.4])
  part = script('sample_tables').lay_out('3', runs(), everything=False)
  assert _line(part, 'cGLO')[4:] == ['43.84', '45.00 ± 1.00', '–']
  assert _line(part, 'Baseline')[4:] == ['38.39', '40.00 ± 1.00', '+1.61']
  for words in (
      'classes 20 instead of 100',
      'network conv4 (width 32) instead of wide_resnet (depth 28',
      'training 60 epochs instead of 200 epochs',
      'perceptual network efficientnet_lite0 instead of vgg16',
  ):
    assert words in part.note.split('No difference')[1]


def test_held_out_images_are_not_the_papers_test_images(script, finish, runs):
  setting = 'small_sample.report=held_out'
  finish(25, 'baseline', [0.4], 'cglo_cifar100', setting)
  part = script('sample_tables').lay_out('3', runs(), everything=False)
  assert _line(part, 'Baseline')[6] == '–'
  assert 'tested on held-out training images' in part.note


def test_a_table_has_rows_of_its_own_data_set_alone(script, finish, runs, main):
  tables = script('sample_tables')
  finish(10, 'cglo', [0.65], 'cglo_cub', data='caltech_birds2011', classes=200)
  birds, _ = (tables.lay_out(t, runs(), everything=False) for t in '21')
  assert _line(birds, 'cGLO')[4:] == ['65.13', '65.00 ± 1.00', '-0.13']
  finish(10, 'cutout', [0.3])
  finish(10, 'baseline', [0.5], 'cglo_glyphs', data='glyphs', classes=20)
  titles = [
      {line[1] for line in tables.lay_out(t, runs(), everything=False).lines}
      for t in '12'
  ]
  assert titles == [{'Cutout'}, {'cGLO'}]
  text, shown = main('sample_tables', 'tables.md')
  own = text.split('## glyphs, top1 (%)')[1].split('##')[0]
  assert '50.00 ± 1.00' in own and 'paper (%)' not in own
  assert 'Not in the paper. Measured: data glyphs; classes 20; net' in own
  assert text.count('50.00') == 2  # of two metrics
  assert '23.43' in text and '23.43' in shown


def test_the_papers_numbers_are_all_there(script):
  tables = script('sample_tables')
  counts = {table: len(tables.entries(table)) for table in tables.TABLES}
  assert counts == {'1': 24, '2': 24, '3': 12, '4': 10, '5': 7, '6': 8}
  for table, (rows, metrics) in tables.TABLES.items():
    named = {(e['method'], e['metric']) for e in tables.entries(table)}
    titles = script('sample_rows').ROWS
    assert named == {(titles[r].title, m) for r in rows for m in metrics}


@pytest.mark.parametrize(
    ('gains', 'verdict'),
    [
        ([0.02, 0.021, 0.019], 'holds'),
        ([-0.02, -0.021, -0.019], 'does not hold'),
        ([0.02, -0.02, 0.01], 'undecided'),
        ([0.02], 'undecided'),
    ],
)
def test_a_claim_is_judged_by_differences_within_seeds(
    finish, main, gains, verdict
):
  levels = np.array([0.3, 0.5, 0.4])[: len(gains)]
  for shots, share in ((10, 1.0), (25, 0.5)):
    finish(shots, 'baseline', levels)
    finish(shots, 'cglo', levels + share * np.array(gains))
  text, shown = main('sample_claims', 'claims.md')
  assert text in shown
  claims, seeds = text.split('## By seed')
  lines = [line for line in claims.splitlines() if 'top1' in line]
  assert len(lines) == 3  # at both numbers of images, and one against the other
  mean = 100 * np.mean(gains)
  for line, share in zip(lines, (1, 0.5, 0.5), strict=True):
    assert f'{share * mean:+.2f} ±' in line
    assert line.endswith(f'| {len(gains)} | {verdict} |')
  assert '10 against 25' in lines[2]
  assert 'Measured: data cifar100; classes 100;' in claims
  # Every seed of two rows of two sizes, in two metrics.
  first, *_ = rows = [x for x in seeds.splitlines() if '| top' in x]
  assert len(rows) == 8
  cells = [cell.strip() for cell in first.split('|')][1:-1]
  values = [f'{100 * (a + b):.2f}' for a, b in zip(levels, gains, strict=True)]
  assert cells[:-1] == ['cGLO', 'top1', '10', *values]


def test_rows_of_other_images_are_not_compared(finish, main, capsys):
  finish(10, 'baseline', [0.3, 0.4])
  finish(10, 'cglo', [0.3, 0.4], samples='ad')
  with pytest.raises(SystemExit):
    main('sample_claims', 'claims.md')
  assert 'cglo and baseline with 10 images a class' in capsys.readouterr().err


def test_claims_need_finished_rows(main, capsys):
  with pytest.raises(SystemExit):
    main('sample_claims', 'claims.md')
  assert 'run sample_rows.py' in capsys.readouterr().err


def test_every_row_has_a_setting_in_the_paper(script):
  settings, rows = script('sample_settings'), script('sample_rows').ROWS
  without = {'baseline', 'cutout', 'random_erase', 'autoaugment', 'cosine'}
  for key, classes in (('cifar100', '100'), ('cub', '200')):
    for name, row in rows.items():
      told = settings.of_the_paper(key, name)
      assert told['classes'] == classes
      sampled = name not in without and 'mixmatch' not in name
      assert ('generator' in told) == sampled
      if row.source:
        source = settings.of_the_paper(key, row.source)
        assert told['generator'] == source['generator']
  birds = settings.of_the_paper('cub', 'cosine')
  assert (birds['network'], birds['training']) == ('resnet50', '372 epochs')
  mixed = settings.of_the_paper('cifar100', 'mixmatch')
  assert mixed['training'] == '102400 steps'
  assert settings.of_the_paper('cub', 'cglo')['network'].endswith('weights')


@pytest.mark.parametrize(
    ('name', 'key'),
    [
        ('keep_cifar100', 'cifar100'),
        ('tfds:caltech_birds2011', 'cub'),
        ('CUB_200_2011', 'cub'),
        ('glyphs', ''),
    ],
)
def test_a_data_set_is_known_by_its_name(script, name, key):
  assert script('sample_settings').data_set(name) == key
