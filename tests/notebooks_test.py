"""Every notebook runs from its first cell to its last, in this process."""

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
  code = [cell.source for cell in cells if cell.cell_type == 'code']
  assert cells[0].cell_type == 'markdown'
  assert "'pip'" in code[0]
  assert "'install'" in code[0]
  names = {'__name__': path.stem}
  with jax.numpy_rank_promotion('allow'):  # as in a user's notebook
    for number, source in enumerate(code):
      exec(compile(source, f'{path.name}, code {number}', 'exec'), names)
  assert shown  # pictures


def test_the_notebooks_of_the_readme_are_there():
  assert {path.stem for path in NOTEBOOKS} >= {
      'imprinting_step_by_step',
      'margins',
      'one_loss_in_your_own_loop',
      'your_own_folder',
  }
