import ctypes
import platform
import subprocess
import sys
from unittest import mock

import pytest

from lsl_jax.pipeline import runtime

_SCRIPT = """
import ctypes, resource, sys, threading
from lsl_jax.pipeline import runtime

if sys.argv[1] == 'keep':
  runtime.keep_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.prctl(41, 1, 0, 0, 0)  # no huge pages, which need few faults

def use():
  block = libc.malloc(ctypes.c_size_t(2**27))
  libc.memset(ctypes.c_void_p(block), 1, ctypes.c_size_t(2**27))
  libc.free(ctypes.c_void_p(block))

def twice():
  use()
  before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
  use()
  print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

thread = threading.Thread(target=twice)
thread.start()
thread.join()
"""


_HUGE = """
import ctypes, re, threading
from lsl_jax.pipeline import runtime

runtime.keep_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def kilobytes(name):
  with open('/proc/self/smaps_rollup') as file:
    return int(re.search(name + r':\\s+(\\d+)', file.read())[1])

def use():
  print(kilobytes('Rss'))
  block = libc.malloc(ctypes.c_size_t(2**26))
  libc.memset(ctypes.c_void_p(block), 1, ctypes.c_size_t(2**26))
  print(kilobytes('AnonHugePages'))

thread = threading.Thread(target=use)
thread.start()
thread.join()
"""


@pytest.fixture
def settings(monkeypatch):
  """What mallopt is called with, on a machine without settings of its own."""
  calls = {}

  library = mock.Mock()
  library.mallopt.side_effect = calls.__setitem__
  library.malloc.return_value = None  # as where addresses are limited
  monkeypatch.setattr(ctypes, 'CDLL', lambda name: library)
  monkeypatch.setattr(platform, 'libc_ver', lambda: ('glibc', '2.36'))
  monkeypatch.setenv('JAX_PLATFORMS', 'cpu')
  monkeypatch.delenv('GLIBC_TUNABLES', raising=False)
  monkeypatch.delenv('MALLOC_ARENA_MAX', raising=False)
  return calls


def _page_faults(how):
  return int(
      subprocess.run(
          [sys.executable, '-c', _SCRIPT, how],
          env={'JAX_PLATFORMS': 'cpu'},
          capture_output=True,
          check=True,
      ).stdout
  )


@pytest.mark.skipif(
    platform.libc_ver()[0] != 'glibc', reason='another allocator'
)
def test_a_freed_block_serves_the_next_one_in_a_thread_without_page_faults():
  assert _page_faults('keep') < 100
  assert _page_faults('leave') > 2**27 / 2**16  # even with pages of 64 kB


def _gives_huge_pages():
  path = '/sys/kernel/mm/transparent_hugepage/enabled'
  try:
    with open(path, encoding='utf-8') as file:
      return '[never]' not in file.read()
  except OSError:
    return False


@pytest.mark.skipif(
    platform.libc_ver()[0] != 'glibc' or not _gives_huge_pages(),
    reason='another allocator, or no huge pages',
)
def test_blocks_lie_in_huge_pages_but_addresses_alone_take_no_memory():
  output = subprocess.run(
      [sys.executable, '-c', _HUGE],
      env={'JAX_PLATFORMS': 'cpu'},
      capture_output=True,
      check=True,
  ).stdout
  resident, huge = map(int, output.split())
  assert resident < 2**20  # of 4 GiB
  assert huge > 2**15  # half of the block at least; pages may be short


def test_the_allocator_is_set_on_a_cpu(settings):
  runtime.keep_memory()
  assert settings == {-8: 1, -4: 0, -1: -1}


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('GLIBC_TUNABLES', 'glibc.malloc.hugetlb=1'),
        ('MALLOC_ARENA_MAX', '4'),
        ('JAX_PLATFORMS', 'cuda,cpu'),
    ],
)
def test_an_allocator_of_the_users_or_beside_an_accelerator_is_left_alone(
    settings, monkeypatch, name, value
):
  monkeypatch.setenv(name, value)
  runtime.keep_memory()
  assert settings == {}


def test_another_allocator_than_glibcs_is_left_alone(settings, monkeypatch):
  monkeypatch.setattr(platform, 'libc_ver', lambda: ('', ''))
  runtime.keep_memory()
  assert settings == {}


def test_an_installed_accelerator_counts_where_no_platform_is_named(
    settings, monkeypatch
):
  monkeypatch.delenv('JAX_PLATFORMS')
  monkeypatch.setattr(
      runtime.importlib.metadata, 'entry_points', lambda group: [group]
  )
  runtime.keep_memory()
  assert settings == {}
