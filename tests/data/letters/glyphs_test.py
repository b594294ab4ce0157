import inspect
import unicodedata

import numpy as np
import pytest

from lsl_jax.data.letters import glyph_fonts, glyphs


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  return tmp_path_factory.mktemp('glyphs')


@pytest.fixture(scope='module')
def data(folder):
  return glyphs.load(distortions=1, cache_dir=folder)


def test_images_are_grey_and_named_as_unicode_names_their_letter(data):
  assert data.images.shape == (len(data), 32, 32, 3)
  assert (data.images[..., :1] == data.images).all()
  assert data.num_classes > 300
  for name in data.class_names:
    letter = unicodedata.lookup(name)
    assert glyph_fonts.alphabet(letter) == name.split(' ')[0]


def test_every_image_shows_something(data):
  grey = data.images[..., 0].reshape(len(data), -1).astype(int)
  assert (grey.max(1) >= 160).all()
  dark = (grey < 128).mean(1)
  assert dark.min() > 0.01 and dark.max() < 0.6


def test_every_class_has_twenty_training_images_and_eight_test_images(data):
  distortions = inspect.signature(glyphs.load).parameters['distortions'].default
  everywhere = range(data.num_classes)
  for train, least in ((True, 20), (False, 8)):
    labels = data.labels[data.indices(everywhere, train=train)]
    counts = np.bincount(labels, minlength=data.num_classes)
    assert counts.min() * distortions >= least


def test_no_test_image_repeats_a_training_image(data):
  train, test = (
      {image.tobytes() for image in data.images[data.is_train == side]}
      for side in (True, False)
  )
  assert not train & test
  assert len(train) + len(test) > 0.999 * len(data)


def test_the_same_seed_gives_the_same_images_and_another_one_others(
    data, folder, tmp_path, monkeypatch
):
  small = ('A', 'Ω', 'Я', 'Ֆ', 'ა')
  chosen = [c for c in glyphs.glyph_classes.classes() if c.letters[0] in small]
  monkeypatch.setattr(glyphs.glyph_classes, 'classes', lambda: chosen)
  same = glyphs.load(distortions=1, cache_dir=tmp_path)
  for label, name in enumerate(same.class_names):
    np.testing.assert_array_equal(
        same.images[same.labels == label],
        data.images[data.labels == data.class_names.index(name)],
    )
  other = glyphs.load(seed=1, distortions=1, cache_dir=tmp_path)
  assert (other.labels == same.labels).all()
  assert (other.images != same.images).any((1, 2, 3)).all()


def test_more_distortions_add_to_the_images_and_change_none(
    data, tmp_path, monkeypatch
):
  chosen = glyphs.glyph_classes.classes()[:2]
  monkeypatch.setattr(glyphs.glyph_classes, 'classes', lambda: chosen)
  more = glyphs.load(distortions=3, cache_dir=tmp_path)
  np.testing.assert_array_equal(more.images[::3], data.images[: len(more) // 3])


def test_a_cached_set_is_not_drawn_again(data, folder, monkeypatch):
  def refuse(*_):
    raise AssertionError('drawn again')

  monkeypatch.setattr(glyphs.glyph_render, 'render', refuse)
  again = glyphs.load(distortions=1, cache_dir=folder)
  np.testing.assert_array_equal(again.images, data.images)
  assert again.class_names == data.class_names


@pytest.mark.parametrize(
    ('argument', 'value', 'message'),
    [
        ('seed', -1, 'seed must be an integer >= 0, got -1'),
        ('size', 4, 'size must be an integer >= 8, got 4'),
        ('distortions', 0, 'distortions must be an integer >= 1, got 0'),
        ('distortions', 1.5, 'distortions must be an integer >= 1, got 1.5'),
    ],
)
def test_arguments_out_of_range_are_refused(argument, value, message):
  with pytest.raises(ValueError, match=message):
    glyphs.load(**{argument: value})


def test_armenian_and_georgian_letters_are_novel_and_all_others_base(data):
  split = glyphs.class_split(data.class_names)
  assert sorted(sum(split, ())) == list(range(data.num_classes))
  for index in split.base:
    assert not data.class_names[index].startswith(('ARMENIAN', 'GEORGIAN'))
  for part in (split.validation, split.novel):
    alphabets = {data.class_names[index].split(' ')[0] for index in part}
    assert alphabets == {'ARMENIAN', 'GEORGIAN'}
    assert list(part) == sorted(part)
  assert len(split.base) > 200
  assert len(split.novel) > len(split.validation) > 40


def test_the_forms_of_a_letter_are_all_validation_or_all_novel(data):
  split = glyphs.class_split(data.class_names)
  letters = [
      {
          (
              data.class_names[index].split(' ')[0],
              data.class_names[index].rpartition('LETTER ')[2],
          )
          for index in part
      }
      for part in (split.validation, split.novel)
  ]
  assert not letters[0] & letters[1]
  assert len(split.validation) > len(letters[0])


def test_a_contact_sheet_has_training_images_left_and_test_images_right(data):
  sheet = glyphs.contact_sheet(data, [0, 5], columns=2)
  assert sheet.shape == (64, 160, 3) and sheet.dtype == np.uint8
  first_train = data.indices([5], train=True)[0]
  first_test = data.indices([5], train=False)[0]
  np.testing.assert_array_equal(sheet[32:, :32], data.images[first_train])
  assert (sheet[:, 64:96] == 128).all()
  np.testing.assert_array_equal(sheet[32:, 96:128], data.images[first_test])


def test_a_contact_sheet_stays_grey_where_a_class_has_no_more_images(data):
  label = data.class_names.index('GEORGIAN CAPITAL LETTER AN')
  count = len(data.indices([label], train=False))
  sheet = glyphs.contact_sheet(data, [label], columns=8)
  assert count == 2
  assert (sheet[:, (9 + count) * 32 :] == 128).all()
