import unicodedata

import numpy as np
import pytest

from lsl_jax.data.letters import glyph_classes, glyph_fonts


def _hausdorff_by_loops(first, second):
  first, second = np.argwhere(first), np.argwhere(second)
  worst = 0.0
  for here, there in ((first, second), (second, first)):
    for a in here:
      nearest = min(float(np.hypot(*(a - b))) for b in there)
      worst = max(worst, nearest)
  return worst


def test_distances_are_hausdorff_distances_of_the_ink(rng):
  drawings = [rng.random((5, 7)) < share for share in (0.1, 0.2, 0.4, 0.7)]
  for drawing in drawings:
    drawing[rng.integers(5), rng.integers(7)] = True
  result = glyph_classes.distances_between(drawings)
  for i, first in enumerate(drawings):
    for j, second in enumerate(drawings):
      expected = _hausdorff_by_loops(first, second)
      np.testing.assert_allclose(result[i, j], expected, rtol=1e-6)


def test_components_are_those_that_walking_the_graph_finds(rng):
  graph = rng.random((12, 12)) < 0.08
  graph |= graph.T
  seen, expected = set(), []
  for start in range(12):
    if start in seen:
      continue
    reached, waiting = {start}, [start]
    while waiting:
      node = waiting.pop()
      for other in range(12):
        if graph[node, other] and other not in reached:
          reached.add(other)
          waiting.append(other)
    seen |= reached
    expected.append(sorted(reached))
  assert 1 < len(expected) < 12
  assert glyph_classes.components(graph) == expected


@pytest.fixture(scope='module')
def class_of():
  return {
      letter: glyph_class
      for glyph_class in glyph_classes.classes()
      for letter in glyph_class.letters
  }


@pytest.mark.parametrize(
    'letters',
    [
        'A\u0391\u0410',  # Latin, Greek, Cyrillic
        'Oo\u039f\u03bf\u041e\u043e\u0555\u0585',  # and Armenian
        'Ss\u0405\u0455',
        'h\u04bb\u0570',
        '\u0416\u0436',  # Cyrillic Zhe, capital and small
    ],
)
def test_letters_that_are_drawn_alike_are_one_class(class_of, letters):
  assert {class_of[letter].letters for letter in letters} == {letters}
  assert class_of[letters[-1]].name == unicodedata.name(letters[0])


def test_letters_that_differ_by_a_hook_a_bar_or_a_turn_stay_apart(class_of):
  for first, second in ('bd', 'pq', 'CG', 'hħ', 'nŋ', 'EF', 'ОФ', 'ՁՋ'):
    assert class_of[first] != class_of[second], first + second


def test_a_letter_without_serifs_in_one_style_only_is_left_out(class_of):
  assert 'I' in class_of
  assert 'l' not in class_of


def test_no_two_classes_coincide_in_a_style_that_was_compared():
  classes = glyph_classes.classes()
  for file in ('DejaVuSans.ttf', 'DejaVuSerif-Italic.ttf'):
    distances = glyph_classes.distances_between(
        [glyph_classes.normalised(file, c.letters[0]) for c in classes]
    )
    np.fill_diagonal(distances, np.inf)
    assert distances.min() > glyph_classes.THRESHOLD


def test_there_are_more_than_300_classes_of_all_alphabets(class_of):
  classes = glyph_classes.classes()
  assert len(classes) > 300
  assert sum(len(c.letters) for c in classes) == len(class_of)
  counts = dict.fromkeys(glyph_fonts.ALPHABETS, 0)
  for glyph_class in classes:
    counts[glyph_class.alphabet] += 1
  assert min(counts.values()) >= 40, counts
