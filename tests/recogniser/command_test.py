"""`python -m lsl_jax.recognize` adds, names, lists and removes."""

import csv
import io
import json

import numpy as np
from PIL import Image
import pytest

from lsl_jax import recogniser, recognize
from lsl_jax.pipeline import runtime


@pytest.fixture(autouse=True)
def keep_the_process_as_it_is(monkeypatch):
  monkeypatch.setattr(runtime, 'start', lambda: None)


@pytest.fixture
def file(known, tmp_path):
  recogniser.write(tmp_path / 'r', known)
  return str(tmp_path / 'r')


@pytest.fixture
def photos(squares, tmp_path):
  folder = tmp_path / 'photos'
  (folder / 'deep').mkdir(parents=True)
  for i, name in enumerate(('red', 'green', 'blue')):
    Image.fromarray(squares(name, 20 + i)).save(folder / f'{name}.png')
  Image.fromarray(squares('red', 30)).save(folder / 'deep' / 'more.jpg')
  return folder


def fails(*arguments):
  with pytest.raises(SystemExit) as stopped:
    recognize.main(list(arguments))
  assert isinstance(stopped.value.code, str), 'not a traceback, not a usage'
  return stopped.value.code


def test_images_are_named_as_csv(file, photos, capsys):
  assert recognize.main(['predict', file, str(photos), '--top=2']) == 0
  rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
  assert [row['file'] for row in rows] == [
      str(photos / name)
      for name in ('blue.png', 'deep/more.jpg', 'green.png', 'red.png')
  ]
  for row in rows:
    assert row['prediction'] in ('red', 'green', 'blue', 'unknown')
    assert -1 <= float(row['score_2']) <= float(row['score_1']) <= 1
    assert float(row['score']) == float(row['score_1'])
    assert row['error'] == ''


def test_json_tells_the_same_and_the_nearest_examples(file, photos, tmp_path):
  output = tmp_path / 'out' / 'answers.json'
  assert not recognize.main(
      [
          'predict',
          file,
          str(photos / 'blue.png'),
          '--format=json',
          f'--output={output}',
          '--threshold=-1',
      ]
  )
  (one,) = json.loads(output.read_text())
  assert one['prediction'] == one['ranking'][0]['class'] == 'blue'
  assert one['nearest'][0]['class'] == 'blue'
  assert one['nearest'][0]['image'].startswith('blue')


def test_an_unreadable_image_costs_its_line_only(file, photos, capsys):
  (photos / 'bad.png').write_bytes(b'no image')
  assert recognize.main(['predict', file, str(photos)]) == 1
  output = capsys.readouterr()
  rows = list(csv.DictReader(io.StringIO(output.out)))
  assert len(rows) == 5
  assert 'not an image' in rows[0]['error']
  assert rows[0]['prediction'] == ''
  assert all(row['prediction'] for row in rows[1:])
  assert 'bad.png' in output.err


def test_a_high_threshold_makes_everything_unknown(file, photos, capsys):
  recognize.main(['predict', file, str(photos), '--threshold=1'])
  rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
  assert {row['prediction'] for row in rows} == {'unknown'}


def test_a_class_is_added_and_then_recognised(file, photos, capsys, known):
  assert not recognize.main(['add', file, 'dots', str(photos / 'deep')])
  assert 'dots: 1 images; 4 classes' in capsys.readouterr().out
  after = recogniser.read(file)
  np.testing.assert_array_equal(after.templates[:3], known.templates)
  assert after.support_names[-1] == 'more.jpg'
  recognize.main(['predict', file, str(photos / 'deep'), '--threshold=-1'])
  assert f'{photos}/deep/more.jpg,dots,1.0' in capsys.readouterr().out


def test_classes_are_listed_and_removed(file, capsys):
  recognize.main(['list', file])
  text = capsys.readouterr().out
  assert '    3  green\n' in text
  assert 'unknown below' in text
  recognize.main(['remove', file, 'green'])
  recognize.main(['list', file, '--format=json'])
  content = json.loads(capsys.readouterr().out.split('\n', 1)[1])
  assert content['classes'] == {'red': 3, 'blue': 3}


def test_a_new_file_is_begun_by_the_first_class(
    tmp_path, photos, monkeypatch, embed, capsys
):
  asked = []
  monkeypatch.setattr(
      'lsl_jax.recogniser.starting.embedder',
      lambda *arguments: asked.append(arguments) or embed,
  )
  path = str(tmp_path / 'new')
  recognize.main(['add', path, 'red', str(photos / 'red.png')])
  recognize.main(['add', path, 'blue', str(photos / 'blue.png')])
  assert asked == [('efficientnet_lite0', None)]
  assert recogniser.read(path).class_names == ('red', 'blue')
  assert '2 classes' in capsys.readouterr().out


def test_mistakes_end_in_a_line_and_change_nothing(file, photos, tmp_path):
  before = (tmp_path / 'r').read_bytes()
  assert "there is no file no'where.png" in fails(
      'add', file, 'x', "no'where.png"
  )
  assert 'cannot be called' in fails('add', file, 'unknown', str(photos))
  (photos / 'bad.png').write_bytes(b'')
  assert 'bad.png: the file is empty' in fails('add', file, 'x', str(photos))
  assert "no class 'x'" in fails('remove', file, 'x')
  assert 'there is no recogniser' in fails('list', str(tmp_path / 'absent'))
  assert 'there is no recogniser' in fails('remove', str(tmp_path / 'no'), 'x')
  assert 'not the file of a recogniser' in fails(
      'list', str(photos / 'red.png')
  )
  empty = tmp_path / 'empty'
  empty.mkdir()
  assert 'holds no images' in fails('predict', file, str(empty))
  assert (tmp_path / 'r').read_bytes() == before
