"""The page's server takes pictures of its own page, up to a size."""

import dataclasses
import http.client
import io
import json
import pathlib
import threading
import time
import urllib.parse

import numpy as np
from PIL import Image
import pytest
import uvicorn

from lsl_jax import recogniser
from lsl_jax.demo import app, teacher

WEIGHTS = pathlib.Path(__file__).parents[1] / 'models/resnet10_width1.pth'


def png(colour, size=(40, 40)):
  buffer = io.BytesIO()
  Image.new('RGB', size, colour).save(buffer, 'PNG')
  return buffer.getvalue()


@pytest.fixture(scope='module')
def server(tmp_path_factory):
  """A running server on a recogniser by a tiny network: port and teacher."""
  workdir = tmp_path_factory.mktemp('demo')
  embed = recogniser.Embedder(
      recogniser.reference('resnet10', str(WEIGHTS), {'width': 1}),
      recogniser.Preprocessing(32, 32, True, (0.5,) * 3, (0.5,) * 3),
  )
  recogniser.write(
      workdir / teacher.FILE,
      recogniser.empty(embed.weights, embed.preprocessing, embed.num_features),
  )
  pupil = teacher.Teacher(str(workdir), 'resnet10', None)
  config = uvicorn.Config(
      app.make(pupil), host='127.0.0.1', port=0, log_level='error', ws='none'
  )
  socket = config.bind_socket()
  running = uvicorn.Server(config)
  thread = threading.Thread(target=running.run, args=([socket],))
  thread.start()
  deadline = time.monotonic() + 30
  while not running.started and time.monotonic() < deadline:
    time.sleep(0.01)
  yield socket.getsockname()[1], pupil
  running.should_exit = True
  thread.join()
  socket.close()


def send(port, method, path, query=None, body=b'', headers=None):
  """Status and content of one request, as the page makes it."""
  connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
  if query:
    path += '?' + urllib.parse.urlencode(query)
  connection.request(
      method, path, body or None, headers={app.HEADER: '1'} | (headers or {})
  )
  response = connection.getresponse()
  text = response.read()
  connection.close()
  if response.headers['content-type'] != 'application/json':
    return response.status, (dict(response.headers), text.decode())
  return response.status, json.loads(text)


def test_a_class_is_taught_asked_about_and_forgotten(server):
  port, pupil = server
  for name in ('<b>red</b>', 'grün'):
    colour = (220, 20, 20) if 'red' in name else (20, 200, 20)
    query = {'class': name, 'file': '../../etc/passwd.png'}
    status, content = send(port, 'POST', '/teach', query, png(colour))
    assert status == 200
  assert [c['name'] for c in content['classes']] == ['<b>red</b>', 'grün']
  assert content['classes'][0]['image'].startswith('data:image/jpeg;base64,')
  status, answer = send(port, 'POST', '/ask', {'file': 'x'}, png((220, 20, 20)))
  assert status == 200
  assert answer['ranking'][0]['name'] == '<b>red</b>'
  assert answer['nearest'][0]['name'] == '<b>red</b>'
  status, content = send(port, 'POST', '/forget', {'class': 'grün'})
  assert [c['name'] for c in content['classes']] == ['<b>red</b>']
  status, content = send(port, 'GET', '/classes')
  assert status == 200
  send(port, 'POST', '/forget', {'class': '<b>red</b>'})
  # Whatever a file is called, one file is all that was written.
  names = {p.name for p in pupil.path.parent.rglob('*')}
  assert names == {teacher.FILE, f'.{teacher.FILE}.lock'}


@pytest.mark.parametrize(
    ('query', 'body', 'reason'),
    [
        ({'class': 'x', 'file': 'a.svg'}, b'<svg></svg>', 'not an image'),
        ({'class': 'x', 'file': 'a'}, b'', 'file is empty'),
        ({'class': 'x', 'file': 'a'}, png('red')[:60], 'cannot be decoded'),
        ({'class': 'unknown', 'file': 'a'}, png('red'), 'cannot be called'),
        ({'class': 'a\nb', 'file': 'a'}, png('red'), 'control characters'),
        ({'file': 'a'}, png('red'), 'names no class'),
        ({'class': 'x'}, png('red'), 'names no file'),
    ],
)
def test_what_is_no_picture_or_no_name_is_refused(server, query, body, reason):
  status, content = send(server[0], 'POST', '/teach', query, body)
  assert status == 400
  assert reason in content['error']
  assert send(server[0], 'GET', '/classes')[1]['classes'] == []


def test_a_decompression_bomb_is_refused_before_it_is_decoded(server):
  bomb = io.BytesIO()
  Image.new('1', (8000, 8000)).save(bomb, 'PNG')
  assert len(bomb.getvalue()) < 20_000
  status, content = send(
      server[0], 'POST', '/ask', {'file': 'bomb.png'}, bomb.getvalue()
  )
  assert status == 400
  assert '8000 x 8000 pixels are more than the limit' in content['error']


def test_a_body_that_is_too_large_is_not_read_to_its_end(server, monkeypatch):
  monkeypatch.setattr(app, 'MAX_BYTES', 1_000_000)
  status, content = send(
      server[0], 'POST', '/ask', {'file': 'a'}, bytes(1_000_001)
  )
  assert status == 413
  assert 'more than 1 million bytes' in content['error']
  # Without a length, as it arrives.
  chunks = iter([bytes(400_000)] * 3)
  connection = http.client.HTTPConnection('127.0.0.1', server[0], timeout=60)
  connection.request(
      'POST', '/ask?file=a', chunks, {app.HEADER: '1'}, encode_chunked=True
  )
  assert connection.getresponse().status == 413
  connection.close()


@pytest.mark.parametrize(
    'headers',
    [
        {'Host': 'evil.example'},
        {'Origin': 'http://evil.example'},
        {'Origin': 'null'},
        {app.HEADER: None},
    ],
)
def test_requests_of_other_sites_are_refused(server, headers):
  sent = {app.HEADER: '1'} | headers
  sent = {name: value for name, value in sent.items() if value}
  connection = http.client.HTTPConnection('127.0.0.1', server[0], timeout=60)
  connection.request('POST', '/forget?class=x', headers=sent)
  response = connection.getresponse()
  assert response.status == 403
  assert 'error' in json.loads(response.read())
  connection.close()


def test_the_page_allows_nothing_from_elsewhere(server):
  for path, start in (
      ('/', '<!doctype'),
      ('/page.js', '//'),
      ('/page.css', ''),
  ):
    status, (headers, text) = send(server[0], 'GET', path)
    assert status == 200
    assert text.startswith(start)
    assert "default-src 'none'" in headers['content-security-policy']
    assert headers['x-content-type-options'] == 'nosniff'
  status, _ = send(server[0], 'GET', '/../teacher.py')
  assert status == 404


def test_a_recogniser_replaced_by_another_is_noticed(server):
  port, pupil = server
  before = pupil.path.read_bytes()
  known = recogniser.read(pupil.path)
  other = dataclasses.replace(known.weights, sha256='0' * 64)
  recogniser.write(pupil.path, dataclasses.replace(known, weights=other))
  status, content = send(
      port, 'POST', '/teach', {'class': 'x', 'file': 'a'}, png('red')
  )
  pupil.path.write_bytes(before)
  assert (status, 'another network' in content['error']) == (400, True)
  np.testing.assert_equal(len(known.class_names), 0)
