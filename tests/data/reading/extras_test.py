import subprocess
import sys

_PROGRAM = """
import sys
for name in ('grain', 'tensorflow_datasets', 'tensorflow', 'torch'):
  sys.modules[name] = None
from lsl_jax import data
try:
  data.load({'name': 'tfds:cifar100'})
except ImportError as error:
  print(error)
"""


def test_data_is_imported_without_the_extras_which_are_named_when_needed():
  done = subprocess.run(
      [sys.executable, "-c", _PROGRAM],
      capture_output=True,
      text=True,
      check=False,
      timeout=120,
  )
  assert done.returncode == 0, done.stderr
  assert "tensorflow-datasets: pip install 'lsl_jax[data]'" in done.stdout
