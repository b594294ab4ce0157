"""Adds do not lose each other, and a killed one leaves the file whole."""

from concurrent import futures
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from lsl_jax import recogniser

WRITER = """
import sys
from lsl_jax import recogniser
path = sys.argv[1]
print('ready', flush=True)
while True:
  with recogniser.alone(path):
    known = recogniser.read(path)
    recogniser.write(path, known)
"""


def test_concurrent_adds_do_not_lose_each_other(known, tmp_path):
  path = tmp_path / 'r'
  recogniser.write(path, known)
  blank = np.zeros((8, 8, 3), np.uint8)

  def add(number):
    with recogniser.alone(path):
      before = recogniser.read(path)
      after = recogniser.add(
          before, f'new {number}', known.features[:1], [blank], ['x']
      )
      time.sleep(0.002)  # long enough for another to read the same
      recogniser.write(path, after)

  with futures.ThreadPoolExecutor(8) as pool:
    list(pool.map(add, range(16)))
  after = recogniser.read(path)
  assert set(after.class_names) == {
      *known.class_names,
      *(f'new {i}' for i in range(16)),
  }
  np.testing.assert_array_equal(after.templates[:3], known.templates)


@pytest.fixture
def writer(known, tmp_path):
  """A process that writes the file again and again."""
  path = tmp_path / 'r'
  recogniser.write(path, known)
  process = subprocess.Popen(
      [sys.executable, '-c', WRITER, str(path)],
      stdout=subprocess.PIPE,
      text=True,
      env={**os.environ, 'JAX_PLATFORMS': 'cpu'},
  )
  assert process.stdout.readline() == 'ready\n'
  yield path, process
  process.kill()
  process.wait()
  process.stdout.close()


def test_a_killed_writer_leaves_a_whole_file_and_no_lock(writer, known, same):
  path, process = writer
  deadline = time.monotonic() + 0.5
  while time.monotonic() < deadline:  # readers never wait
    assert same(recogniser.read(path), known)
  process.send_signal(signal.SIGKILL)
  process.wait()
  assert same(recogniser.read(path), known)
  litter = path.with_name(f'.{path.name}.123.tmp')
  litter.write_bytes(b'half')
  with recogniser.alone(path):
    pass
  assert sorted(p.name for p in path.parent.iterdir()) == ['.r.lock', 'r']
