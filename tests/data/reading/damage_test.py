"""Damaged and hostile files end in an error that names them, soon and small."""

import io
import json
import os
import pathlib
import warnings
import zipfile
import zlib

import numpy as np
from PIL import Image
import pytest

from lsl_jax.data.classes import splits
from lsl_jax.data.reading import encoded, feature_files, folder, npz
from lsl_jax.data.words import named_tables

SECONDS, BYTES = 60.0, 150_000_000


@pytest.fixture(autouse=True)
def bounded(within):
  """No test here may take long or reserve much."""
  with within(SECONDS, BYTES):
    yield


def image_file(rng, kind, size=(23, 31)):
  buffer = io.BytesIO()
  pixels = rng.integers(0, 255, (*size, 3)).astype(np.uint8)
  Image.fromarray(pixels).save(buffer, kind)
  return buffer.getvalue()


@pytest.mark.parametrize('kind', encoded.FORMATS)
def test_damaged_images_are_decoded_or_named(rng, kind):
  data = image_file(rng, kind)
  errors = 0
  with warnings.catch_warnings():
    warnings.simplefilter('ignore')  # Pillow's, of odd metadata
    for _ in range(60):
      damaged = bytearray(data)
      for position in rng.integers(0, min(len(data), 400), 3):
        damaged[position] = rng.integers(256)
      damaged = bytes(damaged[: rng.integers(1, len(data) + 1)])
      try:
        image = encoded.decode(damaged, 'photo 7', max_pixels=10**7)
      except encoded.ImageError as error:
        assert str(error).startswith('photo 7: ')
        errors += 1
      else:
        assert image.dtype == np.uint8
        assert image.shape[2:] == (3,)
  assert errors


def test_a_png_that_claims_huge_sides_is_refused_unread(rng):
  data = bytearray(image_file(rng, 'PNG'))
  data[16:24] = (2**31 - 1).to_bytes(4, 'big') * 2
  # With a right checksum, which would give it away otherwise.
  data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, 'big')
  with pytest.raises(encoded.ImageError, match='photo'):
    encoded.decode(bytes(data), 'photo')


def test_an_image_file_of_many_gigabytes_is_not_read(tmp_path):
  path = tmp_path / 'large.png'
  with path.open('wb') as file:
    file.truncate(2**34)  # sparse: takes no room on the disk
  with pytest.raises(encoded.ImageError, match=r'large\.png: .*17179869184'):
    _ = encoded.Files([path])[0]


def packed(path, **arrays):
  np.savez_compressed(path, **arrays)
  return path


def sound(rng):
  return {
      'images': rng.integers(0, 255, (3, 4, 4, 3)).astype(np.uint8),
      'labels': np.array([0, 1, 0]),
  }


def rewritten(path, name, data, **options):
  """The archive with a member of other content, its checksum right again."""
  with zipfile.ZipFile(path) as old:
    members = {n: old.read(n) for n in old.namelist()}
  members[name] = data
  with zipfile.ZipFile(path, 'w', **options) as new:
    for member, content in members.items():
      new.writestr(member, content)
  return path


def header(shape, dtype='|u1'):
  buffer = io.BytesIO()
  np.lib.format.write_array_header_1_0(
      buffer, {'descr': dtype, 'fortran_order': False, 'shape': shape}
  )
  return buffer.getvalue()


@pytest.mark.parametrize(
    'shape', [(2**40, 4, 4, 3), (2**62, 2**62), (1, 2, 3), (-1, 4, 4, 3)]
)
def test_arrays_that_claim_other_sizes_are_refused_unread(rng, tmp_path, shape):
  path = packed(tmp_path / 'a.npz', **sound(rng))
  rewritten(path, 'images.npy', header(shape) + bytes(100))
  with pytest.raises(ValueError, match=r'a\.npz: .*key images'):
    npz.load(path)


@pytest.mark.parametrize(
    'read',
    [
        npz.load,
        feature_files.read,
        lambda path: named_tables.read(path, 'labels', 'is_train'),
    ],
    ids=['images', 'features', 'semantics'],
)
def test_a_zip_of_death_is_refused_unread(rng, tmp_path, read):
  extra = {'features': np.zeros((2, 3), np.float32)}
  path = packed(tmp_path / 'death.npz', **sound(rng), **extra)
  size = 2**28
  deflated = zipfile.ZIP_DEFLATED
  with (
      zipfile.ZipFile(path, 'a', deflated, compresslevel=1) as archive,
      archive.open('is_train.npy', 'w') as member,
  ):
    member.write(header((size,)))
    for _ in range(2**8):
      member.write(bytes(2**20))
  assert path.stat().st_size < 2**23
  with pytest.raises(ValueError, match=r'death\.npz: .*claim to unpack to'):
    read(path)


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'\x93NUMPY',
        b'\x93NUMPY\x09\x00' + bytes(60),
        b'\x93NUMPY\x01\x00\xff\xff{',
        header((3,)).replace(b'(3,)', b'(3*)'),
        header((3,)).replace(b'False', b'[' * 5),
        header((3, 4, 4, 3), '|O') + bytes(10),
        header((3, 4, 4, 3), '<f8') + bytes(3 * 4 * 4 * 3 * 8),
        b'PK\x03\x04',
    ],
)
def test_members_that_are_no_array_of_images_are_named(rng, tmp_path, content):
  path = packed(tmp_path / 'a.npz', **sound(rng))
  rewritten(path, 'images.npy', content)
  with pytest.raises(ValueError, match=r'a\.npz: .*images'):
    npz.load(path)


def test_members_with_paths_in_their_names_are_left_alone(rng, tmp_path):
  path = packed(tmp_path / 'a.npz', **sound(rng))
  rewritten(path, '../../evil.npy', header((1,)) + b'x')
  assert len(npz.load(path)) == 3
  assert not list(tmp_path.parent.glob('evil*'))


def test_flipped_bits_of_an_archive_are_named_or_harmless(rng, tmp_path):
  path = packed(tmp_path / 'a.npz', **sound(rng))
  content = path.read_bytes()
  errors = 0
  for position in rng.integers(0, len(content), 150):
    damaged = bytearray(content)
    damaged[position] ^= 1 << rng.integers(8)
    path.write_bytes(bytes(damaged))
    try:
      assert len(npz.load(path)) == 3
    except ValueError as error:
      assert 'a.npz' in str(error)
      errors += 1
  for length in rng.integers(0, len(content), 50):
    path.write_bytes(content[:length])
    with pytest.raises(ValueError, match=r'a\.npz'):
      npz.load(path)
  assert errors > 60


def test_class_folders_that_are_no_utf_8_get_names_that_can_be_written(
    tmp_path, rng
):
  for name in (b'caf\xe9', b'plain'):
    path = pathlib.Path(os.fsdecode(os.fsencode(tmp_path) + b'/' + name))
    path.mkdir()
    (path / 'a.png').write_bytes(image_file(rng, 'PNG'))
  dataset = folder.load(tmp_path, test_fraction=0.0)
  assert dataset.class_names == (r'caf\udce9', 'plain')
  assert dataset.images[0].shape == (23, 31, 3)
  '\n'.join(dataset.class_names).encode()


def test_folders_that_lead_in_circles_or_hang_are_listed_once(tmp_path, rng):
  (tmp_path / 'cat').mkdir()
  (tmp_path / 'cat/a.png').write_bytes(image_file(rng, 'PNG'))
  (tmp_path / 'cat/again').symlink_to(tmp_path / 'cat')
  (tmp_path / 'cat/broken.png').symlink_to(tmp_path / 'nowhere')
  os.mkfifo(tmp_path / 'cat/pipe.png')  # reading it would wait for ever
  assert len(folder.load(tmp_path)) == 1


@pytest.mark.parametrize(
    'text',
    [
        '',
        '[]',
        '{"base": ',
        '[' * 100_000,
        '{"base": 1e400}',
        '{"base": {"a": 1}}',
        '{"base": [0], "novel": [10000000000000000000000]}',
        '{"base": [[0]], "novel": [1]}',
        '{"base": 1, "novel": 1, "seed": "x"}',
        '\ufeff{}',
        '{"modulus": 0, "base": [0], "novel": [1]}',
    ],
)
def test_damaged_class_splits_are_refused(tmp_path, text):
  path = tmp_path / 'split.json'
  path.write_text(text)
  with pytest.raises(ValueError, match='split'):
    splits.class_split(str(path), ('a', 'b', 'c'))


def test_a_class_split_in_bytes_that_are_no_text_is_refused(tmp_path):
  path = tmp_path / 'split.json'
  path.write_bytes(json.dumps({'base': [0]}).encode('utf-16') + b'\xff')
  with pytest.raises(ValueError, match=r'split\.json'):
    splits.class_split(str(path), ('a', 'b', 'c'))
