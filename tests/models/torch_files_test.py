"""Files of PyTorch are read without PyTorch, and without running their code."""

import json
import os
import pathlib
import pickle
import zipfile

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from lsl_jax.models import torch_files

FOLDER = pathlib.Path(__file__).parent

WHOLE = np.arange(12, dtype=np.float32).reshape(3, 4)
EXPECTED = {
    'float32': WHOLE,
    'transposed': WHOLE.T,
    'row_of_shared_storage': WHOLE[1],
    'float64': np.array([0.1]),
    'float16': np.array([0.5, -2.0], np.float16),
    'bfloat16': np.array([0.5, -3.0], ml_dtypes.bfloat16),
    'int64': np.array(7, np.int64),
    'uint8': np.array([255], np.uint8),
    'bool': np.array([True, False]),
    'parameter': np.ones(2, np.float32),
    'empty': np.zeros((0, 3), np.float32),
}


def assert_expected(found):
  assert found.keys() == EXPECTED.keys()
  for name, expected in EXPECTED.items():
    assert found[name].dtype == expected.dtype, name
    assert found[name].shape == expected.shape, name
    np.testing.assert_array_equal(found[name], expected, err_msg=name)


def write_zip(path, content, byteorder=b'little'):
  """An archive as torch.save lays it out, around any pickle."""
  with zipfile.ZipFile(path, 'w') as archive:
    archive.writestr('weights/data.pkl', content)
    archive.writestr('weights/byteorder', byteorder)


class Call:
  """Pickles as the call of a function."""

  def __init__(self, function, *arguments):
    self.function, self.arguments = function, arguments

  def __reduce__(self):
    return self.function, self.arguments


@pytest.mark.parametrize('file', ['tensors.pth', 'tensors_legacy.pth'])
def test_each_kind_of_tensor_in_files_of_torch_save_is_read(file):
  # The file wraps its weights as {'epoch': 3, 'state_dict': ...}.
  assert_expected(torch_files.read(FOLDER / file))


def test_each_kind_of_tensor_in_safetensors_is_read(tmp_path):
  path = tmp_path / 'tensors.safetensors'
  arrays = {n: np.ascontiguousarray(x) for n, x in EXPECTED.items()}
  save_file(arrays | {'int64': EXPECTED['int64']}, path, {'format': 'np'})
  assert_expected(torch_files.read(path))


def test_the_prefix_of_data_parallel_training_is_removed(tmp_path):
  path = tmp_path / 'parallel.safetensors'
  save_file({'module.bn1.bias': np.ones(2), 'module.fc.bias': np.ones(1)}, path)
  assert set(torch_files.read(path)) == {'bn1.bias', 'fc.bias'}


def test_code_in_a_pickle_is_refused_by_name_and_not_run(tmp_path):
  victim = tmp_path / 'made_by_the_pickle'
  call = Call(os.mkdir, str(victim))
  path = tmp_path / 'weights.pth'
  write_zip(path, pickle.dumps({'bn1.bias': call}, protocol=2))
  with pytest.raises(ValueError, match=r'weights\.pth.*(posix|nt)\.mkdir'):
    torch_files.read(path)
  legacy = tmp_path / 'legacy.pth'
  legacy.write_bytes(pickle.dumps(call, protocol=2))
  with pytest.raises(ValueError, match=r'legacy\.pth.*\.mkdir'):
    torch_files.read(legacy)
  assert not victim.exists()


@pytest.mark.parametrize('function', [eval, getattr, pickle.loads])
def test_no_function_but_the_few_of_tensors_is_allowed(function, tmp_path):
  path = tmp_path / 'weights.pth'
  call = Call(function, 'a', 'b')
  write_zip(path, pickle.dumps({'bn1.bias': call}, protocol=2))
  with pytest.raises(ValueError, match=f'it holds .*{function.__name__}'):
    torch_files.read(path)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([1, 2], 'holds a list, not a dictionary'),
        ({'bn1.bias': 3}, "entry 'bn1.bias' is a int, not a tensor"),
        ({3: 3}, 'entry 3 is not named by a string'),
    ],
)
def test_what_is_no_state_dictionary_is_refused(content, message, tmp_path):
  path = tmp_path / 'weights.pth'
  write_zip(path, pickle.dumps(content, protocol=2))
  with pytest.raises(ValueError, match=message):
    torch_files.read(path)


def test_big_endian_files_are_refused(tmp_path):
  path = tmp_path / 'weights.pth'
  write_zip(path, pickle.dumps({}, protocol=2), b'big')
  with pytest.raises(ValueError, match='big-endian'):
    torch_files.read(path)


@pytest.mark.parametrize('keep', [0.3, 0.7, 0.97])
@pytest.mark.parametrize('file', ['tensors.pth', 'tensors_legacy.pth'])
def test_a_truncated_file_of_torch_save_is_an_error_naming_it(
    file, keep, tmp_path
):
  content = (FOLDER / file).read_bytes()
  path = tmp_path / 'cut.pth'
  path.write_bytes(content[: int(len(content) * keep)])
  with pytest.raises(ValueError, match=r'cut\.pth: cannot be read as weights'):
    torch_files.read(path)


def test_a_view_that_leaves_its_storage_is_refused(tmp_path):
  content = (FOLDER / 'tensors_legacy.pth').read_bytes()
  # The shape (3, 4) as the pickle spells it, made (3, 5).
  assert content.count(b'K\x03K\x04\x86') == 1
  path = tmp_path / 'wide.pth'
  path.write_bytes(content.replace(b'K\x03K\x04\x86', b'K\x03K\x05\x86'))
  with pytest.raises(ValueError, match=r'shape \(3, 5\) reaches outside'):
    torch_files.read(path)


def write_safetensors(path, entry, body):
  header = json.dumps({'bn1.bias': entry}).encode()
  path.write_bytes(len(header).to_bytes(8, 'little') + header + body)


@pytest.mark.parametrize(
    ('entry', 'message'),
    [
        (
            {'dtype': 'F32', 'shape': [3], 'data_offsets': [0, 8]},
            r"tensor 'bn1\.bias' of shape \(3,\) needs 12 bytes",
        ),
        (
            {'dtype': 'F32', 'shape': [3], 'data_offsets': [0, 12]},
            r'gives it 0 to 12 of 8',
        ),
        (
            {'dtype': 'F8_E4M3', 'shape': [8], 'data_offsets': [0, 8]},
            r"'bn1\.bias' has type F8_E4M3; accepted: BF16, BOOL",
        ),
    ],
)
def test_damaged_safetensors_are_errors_naming_file_and_tensor(
    entry, message, tmp_path
):
  path = tmp_path / 'bad.safetensors'
  write_safetensors(path, entry, bytes(8))
  with pytest.raises(ValueError, match=r'bad\.safetensors: .*' + message):
    torch_files.read(path)


def test_a_damaged_header_and_other_formats_are_refused(tmp_path):
  path = tmp_path / 'bad.safetensors'
  path.write_bytes((20).to_bytes(8, 'little') + b'{"bn1.bias"')
  with pytest.raises(ValueError, match='damaged safetensors header'):
    torch_files.read(path)
  path.write_bytes(b'<html>no such page</html>')
  with pytest.raises(ValueError, match=r'neither a file of torch\.save nor'):
    torch_files.read(path)
  with pytest.raises(FileNotFoundError, match=r'absent\.pth'):
    torch_files.read(tmp_path / 'absent.pth')
