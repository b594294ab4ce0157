"""What the documents say is true: their code runs, their lists are complete."""

import pathlib
import re

import jax
import pytest

from lsl_jax.pipeline.variants import imprinting

ROOT = pathlib.Path(__file__).parents[1]


def _blocks(path, language):
  pattern = rf'```{language}\n(.*?)```'
  return re.findall(pattern, path.read_text(encoding='utf-8'), re.DOTALL)


def test_the_first_block_of_the_readme_is_the_two_commands():
  first = re.search(
      r'```sh\n(.*?)```', (ROOT / 'README.md').read_text('utf-8'), re.DOTALL
  )
  run, test = first[1].strip().split('\n')
  assert '--config=configs/imprint_glyphs.py' in run
  assert 'pytest' in test


def test_the_readme_lifts_a_loss_and_a_learner():
  (code,) = _blocks(ROOT / 'README.md', 'python')
  names = {}
  with jax.numpy_rank_promotion('allow'):  # as in a user's program
    exec(compile(code, 'README.md', 'exec'), names)
  assert names['loss'].shape == ()
  assert names['logits'].shape == (5, 3 + 2)


@pytest.mark.parametrize('variant', sorted(imprinting.VARIANTS))
def test_every_variant_is_in_the_list_of_configs(variant):
  assert f'`{variant}`' in (ROOT / 'configs/README.md').read_text('utf-8')


def test_links_between_documents_lead_somewhere():
  documents = [
      path
      for path in ROOT.rglob('*.md')
      if not any(part.startswith(('.', 'runs')) for part in path.parts[1:])
  ]
  assert len(documents) > 5
  for document in documents:
    for target in re.findall(r'\]\(([^)#:]+)\)', document.read_text('utf-8')):
      assert (document.parent / target).exists(), f'{document}: {target}'
