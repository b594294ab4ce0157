"""Classes come and go, and the others keep their bits."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot, recogniser, types
from lsl_jax.recogniser import teaching


def test_templates_are_those_of_imprinting(known):
  classifier = lowshot.imprint().fit(
      jax.random.key(0),
      types.Base(jnp.zeros((0, known.features.shape[1]))),
      types.Support(
          jnp.asarray(known.features), jnp.asarray(known.labels), num_classes=3
      ),
  )
  np.testing.assert_allclose(known.templates, classifier, atol=1e-6)


def test_a_new_class_leaves_the_others_bit_identical(embed, known, squares):
  crops = [embed.crop(squares('red', 9))]
  after = recogniser.add(known, 'grün & 绿', embed(crops), crops, ['9.png'])
  assert after.class_names == ('red', 'green', 'blue', 'grün & 绿')
  np.testing.assert_array_equal(after.templates[:3], known.templates)
  assert after.counts.tolist() == [3, 3, 3, 1]
  assert after.support_names[-1] == '9.png'
  # The old one is as it was.
  assert known.counts.tolist() == [3, 3, 3]


def test_examples_of_a_known_class_count_as_much_as_the_old_ones(
    embed, known, squares
):
  crops = [embed.crop(squares('green', 7))]
  features = embed(crops)
  after = recogniser.add(known, 'green', features, crops, ['7.png'])
  total = known.features[known.labels == 1].sum(0) + features[0]
  np.testing.assert_allclose(
      after.templates[1], total / np.linalg.norm(total), atol=1e-6
  )
  np.testing.assert_array_equal(
      after.templates[[0, 2]], known.templates[[0, 2]]
  )


def test_removing_the_class_that_was_added_gives_back_what_was(
    embed, known, squares, same
):
  crops = [embed.crop(squares('red', 9))]
  after = recogniser.add(known, 'new', embed(crops), crops, ['9.png'])
  assert same(recogniser.remove(after, 'new'), known)


def test_removing_a_class_in_the_middle_renumbers_the_later_ones(known):
  after = recogniser.remove(known, 'green')
  assert after.class_names == ('red', 'blue')
  assert after.labels.tolist() == [0, 0, 0, 1, 1, 1]
  assert after.support_names[3:] == ('blue0.png', 'blue1.png', 'blue2.png')
  with pytest.raises(ValueError, match=r"no class 'green'.*: red, blue"):
    recogniser.remove(after, 'green')


@pytest.mark.parametrize(
    ('name', 'reason'),
    [
        ('', 'empty'),
        (' red', 'begins or ends with a space'),
        ('unknown', 'answer where no class fits'),
        ('a\nb', 'control characters'),
        ('caf\udce9', 'bytes that are no UTF-8'),
        ('x' * 201, '201 characters'),
    ],
)
def test_names_that_cannot_be_written_down_are_refused(known, name, reason):
  with pytest.raises(ValueError, match=reason):
    recogniser.add(known, name, known.features[:1], [], ['x'])


def test_a_class_without_images_is_refused(known):
  with pytest.raises(ValueError, match="'new' needs at least one image"):
    recogniser.add(known, 'new', known.features[:0], [], [])


def test_examples_that_cancel_out_have_no_template():
  with pytest.raises(ValueError, match='cancel each other'):
    teaching.template(np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32))


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'class_names': ('a', 'a', 'b')}, 'same name'),
        ({'keep': 1.0}, 'keep must lie between'),
        ({'support_names': ('a',)}, 'as many names'),
        ({'thumbnails': ()}, 'as many thumbnails'),
        ({'labels': np.zeros(9, np.int32)}, 'each with an example'),
        ({'labels': np.zeros(9)}, 'not int32'),
        ({'templates': np.eye(3, 7, dtype=np.float32)}, 'templates have 7'),
        ({'class_names': ('a', 'b')}, r'not float32 of shape \(2, D\)'),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(known, change, reason):
  with pytest.raises(ValueError, match=reason):
    dataclasses.replace(known, **change)


@pytest.mark.parametrize('value', [np.nan, np.inf, 2.0])
def test_vectors_that_are_not_of_unit_length_are_refused(known, value):
  templates = known.templates.copy()
  templates[1, 0] = value
  with pytest.raises(ValueError, match='not all of unit length'):
    dataclasses.replace(known, templates=templates)
