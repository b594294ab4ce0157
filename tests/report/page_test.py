"""A page holds all it shows, and shows names as text."""

import base64
import io
import re

import numpy as np
from PIL import Image

from lsl_jax.report import page

EVIL = '<script>alert("x")</script>\udce9'


def test_names_are_shown_as_text_everywhere():
  image = np.zeros((4, 4, 3), np.uint8)
  text = page.document(
      EVIL,
      [
          page.heading(EVIL),
          page.paragraph(EVIL),
          page.code(EVIL),
          page.table([EVIL], [(EVIL, EVIL)]),
          page.shaded(np.eye(2, dtype=int), [EVIL, EVIL]),
          page.picture(image, EVIL, EVIL),
          page.drawing(b'', EVIL),
      ],
  )
  assert '<script' not in text
  assert text.count('&lt;script&gt;') == 22
  assert r'\udce9' in text
  text.encode()  # as it is written


def test_nothing_is_loaded_from_elsewhere():
  image = np.zeros((4, 4, 3), np.uint8)
  text = page.document('a', [page.row([page.picture(image, 'b')])])
  assert "default-src 'none'" in text
  sources = re.findall(r'(?:src|href)="([^"]*)"', text)
  assert len(sources) == 1
  assert sources[0].startswith('data:image/jpeg;base64,')


def test_a_picture_is_the_image_made_small():
  image = np.full((50, 200, 3), (250, 10, 10), np.uint8)
  text = page.picture(image, 'first\nsecond', 'wrong')
  assert 'class="wrong"' in text
  assert 'first<br>second</figure>' in text
  data = base64.b64decode(re.search(r'base64,([^"]*)', text)[1])
  small = Image.open(io.BytesIO(data))
  assert small.size == (96, 24)
  np.testing.assert_allclose(
      np.asarray(small).mean((0, 1)), image[0, 0], atol=8
  )


def test_a_confusion_is_darkest_where_most_images_lie():
  counts = np.array([[3, 1], [0, 4]])
  text = page.shaded(counts, ['a', 'b'])
  shades = [float(x) for x in re.findall(r',([0-9.]+)\)"', text)]
  assert shades == [0.64, 0.21, 0.0, 0.85]
  assert 'title="a taken for b">1</td>' in text
  assert 'title="b taken for a"></td>' in text  # zeros are left blank
