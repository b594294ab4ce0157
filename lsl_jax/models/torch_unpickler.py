"""Unpickles a dictionary of PyTorch tensors without PyTorch, and nothing else.

A pickle names the functions to be called while it is read, so a file from
elsewhere could run any code. Here a name is looked up in a short list, and
whatever is not on it is refused.
"""

import collections
from collections.abc import Callable
import dataclasses
import io
import math
import pickle
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

# Storage types by the name under which PyTorch pickles them.
DTYPES = {
    'BFloat16Storage': np.dtype(jnp.bfloat16),
    'BoolStorage': np.dtype('bool'),
    'ByteStorage': np.dtype('uint8'),
    'CharStorage': np.dtype('int8'),
    'DoubleStorage': np.dtype('<f8'),
    'FloatStorage': np.dtype('<f4'),
    'HalfStorage': np.dtype('<f2'),
    'IntStorage': np.dtype('<i4'),
    'LongStorage': np.dtype('<i8'),
    'ShortStorage': np.dtype('<i2'),
}
_MOST_REPEATED = 2**20
# The one in C reserves a memo as large as a file says.
_PurePython: Any = vars(pickle)['_Unpickler']


@dataclasses.dataclass(frozen=True)
class Storage:
  """A run of numbers on which tensors are views.

  Attributes:
    key: its name in the file.
    dtype: of the numbers.
    size: how many there are.
  """

  key: str
  dtype: np.dtype
  size: int


@dataclasses.dataclass(frozen=True)
class Tensor:
  """A strided view of a storage whose numbers are read later.

  Attributes:
    storage: what is viewed.
    offset: index of the first number.
    shape: of the tensor.
    strides: distance of neighbours along each axis, in numbers.
  """

  storage: Storage
  offset: int
  shape: tuple[int, ...]
  strides: tuple[int, ...]

  def array(self, numbers: np.ndarray) -> np.ndarray:
    """Copies the view out of its storage.

    Args:
      numbers: the storage's content, `[size]`.

    Returns:
      An array of the tensor's shape that owns its memory.

    Raises:
      ValueError: the view reaches outside of its storage.
    """
    reach = [(n - 1) * s for n, s in zip(self.shape, self.strides, strict=True)]
    inside = min((self.offset, *self.strides, *self.shape)) >= 0
    if not all(type(n) is int for n in (*self.shape, *self.strides)):
      raise ValueError('a tensor has a shape that is not of whole numbers')
    # Strides of zero repeat numbers, as often as a foe may like.
    if math.prod(self.shape) > max(len(numbers), _MOST_REPEATED):
      raise ValueError(
          f'a tensor of shape {self.shape} is more than its storage'
          f' {self.storage.key!r} of {len(numbers)} numbers'
      )
    if math.prod(self.shape) == 0:
      return np.zeros(self.shape, numbers.dtype)
    if not inside or self.offset + sum(reach) >= len(numbers):
      raise ValueError(
          f'a tensor of shape {self.shape} reaches outside of its storage'
          f' {self.storage.key!r} of {len(numbers)} numbers'
      )
    strides = [stride * numbers.itemsize for stride in self.strides]
    return np.lib.stride_tricks.as_strided(
        numbers[self.offset :], self.shape, strides
    ).copy()


class Unpickler(_PurePython):
  """Reads dictionaries, numbers, strings and tensors; refuses the rest.

  Raises `pickle.UnpicklingError` with the name of what was refused. The file
  must be in memory: of one on disk, as much would be reserved as it says.

  Attributes:
    storages: all that the pickle refers to, by their keys.
  """

  # Neither sets nor anything else that would hash what a file has nested.
  dispatch: ClassVar[dict[int, Any]] = {
      code: function
      for code, function in _PurePython.dispatch.items()
      if bytes([code]) not in (pickle.ADDITEMS, pickle.FROZENSET)
  }

  def __init__(self, file: io.BytesIO):
    super().__init__(file)
    self.storages: dict[str, Storage] = {}
    # Bound methods, which a pickle cannot alter, as it could a function.
    self._allowed: dict[str, Callable[..., Any]] = {
        'collections.OrderedDict': self._dictionary,
        'torch._utils._rebuild_tensor': self._tensor,
        'torch._utils._rebuild_tensor_v2': self._tensor,
        'torch._utils._rebuild_parameter': self._parameter,
    }

  def find_class(self, module: str, name: str) -> Any:
    """Looks a name up in the list; storage types become their names."""
    if module == 'torch' and name in DTYPES:
      return name
    try:
      return self._allowed[f'{module}.{name}']
    except KeyError:
      raise pickle.UnpicklingError(
          f'it holds {module}.{name}; only dictionaries of tensors are read'
          ' (save model.state_dict())'
      ) from None

  def persistent_load(self, pid: Any) -> Storage:
    """Makes a storage of the tuple by which PyTorch refers to one."""
    kind, dtype, key, _, size, *view = pid
    if not isinstance(kind, str) or not isinstance(dtype, str):
      raise pickle.UnpicklingError('it refers to what is no plain storage')
    if kind != 'storage' or dtype not in DTYPES or (view and view[0]):
      # Not written out: shared parts can make that endless.
      raise pickle.UnpicklingError('it refers to what is no plain storage')
    if not isinstance(key, str | int) or type(size) is not int or size < 0:
      raise pickle.UnpicklingError('it refers to what is no plain storage')
    storage = Storage(str(key)[:200], DTYPES[dtype], size)
    self.storages[storage.key] = storage
    return storage

  def load_setitem(self) -> None:
    """Puts one entry into a dictionary."""
    *_, key, _ = self.stack
    self._check_keys([key])
    _PurePython.load_setitem(self)

  def load_setitems(self) -> None:
    """Puts the entries since the last mark into a dictionary."""
    self._check_keys(self.stack[::2])
    _PurePython.load_setitems(self)

  def load_dict(self) -> None:
    """Makes a dictionary of the entries since the last mark."""
    self._check_keys(self.stack[::2])
    _PurePython.load_dict(self)

  dispatch[pickle.SETITEM[0]] = load_setitem
  dispatch[pickle.SETITEMS[0]] = load_setitems
  dispatch[pickle.DICT[0]] = load_dict

  def _check_keys(self, keys: list[Any]) -> None:
    """Names and numbers; the hash of what is nested can take for ever."""
    for key in keys:
      if not isinstance(key, str | int):
        raise pickle.UnpicklingError(
            f'it has an entry named by a {type(key).__name__}'
        )

  def _dictionary(self) -> dict[Any, Any]:
    return collections.OrderedDict()

  def _tensor(
      self, storage: Storage, offset: int, shape: Any, strides: Any, *_: Any
  ) -> Tensor:
    return Tensor(storage, offset, tuple(shape), tuple(strides))

  def _parameter(self, tensor: Tensor, *_: Any) -> Tensor:
    return tensor
