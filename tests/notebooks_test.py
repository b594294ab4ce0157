"""Every notebook runs from its first cell to its last, in this process.

A cell of sizes has the smaller ones of the tests in its metadata, `smoke`.
"""

import pathlib

import jax
import nbformat
import pytest

FOLDER = pathlib.Path(__file__).parents[1] / 'experiments' / 'notebooks'
NOTEBOOKS = sorted(FOLDER.glob('*.ipynb'))


@pytest.mark.parametrize('path', NOTEBOOKS, ids=[p.stem for p in NOTEBOOKS])
def test_a_notebook_runs_to_its_end(path, monkeypatch):
  shown = []
  monkeypatch.setattr('IPython.display.display', shown.append)
  cells = nbformat.read(path, as_version=4).cells
  code = [cell for cell in cells if cell.cell_type == 'code']
  assert cells[0].cell_type == 'markdown'
  assert "'pip'" in code[0].source
  assert "'install'" in code[0].source
  names = {'__name__': path.stem}
  with jax.numpy_rank_promotion('allow'):  # as in a user's notebook
    for number, cell in enumerate(code):
      exec(compile(cell.source, f'{path.name}, code {number}', 'exec'), names)
      smoke = cell.metadata.get('smoke', {})
      assert smoke.keys() <= names.keys()
      names.update(smoke)
  assert shown  # pictures


@pytest.mark.parametrize('path', NOTEBOOKS, ids=[p.stem for p in NOTEBOOKS])
def test_a_notebook_shows_its_pictures_before_it_is_run(path):
  cells = nbformat.read(path, as_version=4).cells
  code = [cell for cell in cells if cell.cell_type == 'code']
  outputs = [output for cell in code for output in cell.outputs]
  assert not [o for o in outputs if o.output_type == 'error']
  assert any('image/png' in o.get('data', ()) for o in outputs)


def test_the_notebooks_of_the_readme_are_there():
  assert {path.stem for path in NOTEBOOKS} == {
      'cglo',
      'dense_maps_and_implants',
      'hallucination',
      'imprinting_step_by_step',
      'margins',
      'one_loss_in_your_own_loop',
      'your_own_folder',
  }
