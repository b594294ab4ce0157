"""The code in the documents runs as it is written."""

import pathlib
import re

import jax
import pytest

from lsl_jax import models
from lsl_jax.data.load import SOURCES
from lsl_jax.pipeline.learners import registry, representations

DOCS = pathlib.Path(__file__).parents[1] / 'docs'
BLOCKS = re.findall(
    r'## (.*?)\n.*?```python\n(.*?)```',
    (DOCS / 'extending.md').read_text('utf-8'),
    re.DOTALL,
)


@pytest.fixture(autouse=True)
def leave_the_dictionaries_as_they_were(monkeypatch):
  for owner, name in (
      (models.BACKBONES, 'patches'),
      (SOURCES, 'stripes'),
      (registry.LEARNERS, 'gaussian'),
      (representations.REPRESENTATIONS, 'pulled_softmax'),
  ):
    assert name not in owner
    monkeypatch.setitem(owner, name, None)  # and removes it in the end


@pytest.mark.parametrize(('title', 'code'), BLOCKS, ids=[b[0] for b in BLOCKS])
def test_an_extension_is_under_40_lines_and_runs(title, code):
  assert len(code.splitlines()) < 40
  names = {}
  with jax.numpy_rank_promotion('allow'):  # as in a user's program
    exec(compile(code, f'extending.md: {title}', 'exec'), names)
  if title == 'A loss':
    _train_by(names)


def _train_by(names):
  """The objective has a gradient, by the name that a config would give."""
  network = models.build(
      {'backbone': 'conv4', 'num_classes': 3, 'options': {'width': 4}}
  )
  options = type('Options', (), {'weight': 0.5})
  made = representations.REPRESENTATIONS['pulled_softmax'](
      network, options, None
  )
  images = jax.random.normal(jax.random.key(0), (4, 16, 16, 3))
  variables = jax.jit(made.init)(jax.random.key(0), images)
  params = variables.pop('params')
  batch = names['types'].Batch(images, jax.numpy.array([0, 1, 2, 0]))
  grad, (_, metrics) = jax.jit(jax.grad(made.loss, has_aux=True))(
      params, variables, batch, jax.random.key(0)
  )
  assert {'loss', 'pull'} <= metrics.keys()
  assert all(jax.numpy.isfinite(g).all() for g in jax.tree.leaves(grad))


def test_all_four_extensions_are_shown():
  assert [title for title, _ in BLOCKS] == [
      'A loss',
      'A learner',
      'A backbone',
      'A data set',
  ]
