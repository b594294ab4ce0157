"""Programs start anew with an allocator that keeps memory, where it helps."""

import os
import platform
import subprocess
import sys

import pytest

from lsl_jax.pipeline import allocator

_SCRIPT = """
import ctypes, os, resource, sys, threading
print(os.getpid(), *sys.argv, flush=True)
if sys.argv[1] == 'keep':
  from lsl_jax.pipeline import allocator
  allocator.restart()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.prctl(41, 1, 0, 0, 0)  # no huge pages, which need few faults

def use():
  block = libc.malloc(ctypes.c_size_t(2**25 + 2**24))
  libc.memset(ctypes.c_void_p(block), 1, ctypes.c_size_t(2**25 + 2**24))
  libc.free(ctypes.c_void_p(block))

use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(sys.stdin.read())
"""
glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != 'glibc', reason='another allocator'
)


def _said(how, tmp_path):
  script = tmp_path / 'script.py'
  script.write_text(_SCRIPT)
  environment = {'JAX_PLATFORMS': 'cpu', 'PYTHONPATH': os.getcwd()}
  return subprocess.run(
      [sys.executable, str(script), how, 'a b'],
      env=environment,
      input='what was written to it',
      capture_output=True,
      check=True,
      text=True,
  ).stdout.splitlines()


@glibc
def test_a_program_starts_anew_as_itself_and_its_memory_stays(tmp_path):
  first, second, faults, read = _said('keep', tmp_path)
  assert first == second  # number and arguments
  assert first.endswith('script.py keep a b')
  assert int(faults) < 100
  assert read == 'what was written to it'


@glibc
def test_memory_does_not_stay_by_itself(tmp_path):
  _, faults, _ = _said('leave', tmp_path)
  assert int(faults) > 2**25 / 2**16  # even with pages of 64 kB


@pytest.fixture
def restarted(monkeypatch):
  """Calls of execve, on a machine without settings of its own."""
  calls = []
  monkeypatch.setattr(os, 'execve', lambda *arguments: calls.append(arguments))
  monkeypatch.setattr(platform, 'libc_ver', lambda: ('glibc', '2.36'))
  monkeypatch.setenv('JAX_PLATFORMS', 'cpu')
  monkeypatch.delenv(allocator.VARIABLE, raising=False)
  for name in [n for n in os.environ if n.startswith('MALLOC_')]:
    monkeypatch.delenv(name)
  return calls


def test_the_same_program_is_started(restarted):
  allocator.restart()
  ((program, arguments, environment),) = restarted
  assert program == arguments[0] == sys.executable
  assert arguments[1:] == sys.orig_argv[1:]
  assert environment.pop(allocator.VARIABLE) == allocator.TUNABLES
  assert environment == dict(os.environ)


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('GLIBC_TUNABLES', 'glibc.malloc.hugetlb=1'),
        ('GLIBC_TUNABLES', ''),
        ('MALLOC_ARENA_MAX', '4'),
        ('JAX_PLATFORMS', 'cuda,cpu'),
    ],
)
def test_an_allocator_of_the_users_or_beside_an_accelerator_is_left_alone(
    restarted, monkeypatch, name, value
):
  monkeypatch.setenv(name, value)
  allocator.restart()
  assert restarted == []


def test_another_allocator_than_glibcs_is_left_alone(restarted, monkeypatch):
  monkeypatch.setattr(platform, 'libc_ver', lambda: ('', ''))
  allocator.restart()
  assert restarted == []


def test_an_installed_accelerator_counts_where_no_platform_is_named(
    restarted, monkeypatch
):
  monkeypatch.delenv('JAX_PLATFORMS')
  monkeypatch.setattr(
      allocator.importlib.metadata, 'entry_points', lambda group: [group]
  )
  allocator.restart()
  assert restarted == []
