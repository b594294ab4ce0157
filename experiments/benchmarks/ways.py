"""Ways to compute a training step: a formulation and a process's settings."""

from typing import NamedTuple

FLAG = '--xla_cpu_experimental_ynn_fusion_type=-individual_convolution'
PAGES = 'glibc.malloc.hugetlb=1'
OURS = 'lsl_jax'


class Way(NamedTuple):
  """How a process computes: a formulation, and the environment."""

  convolution: str = ''  # '' leaves the library as it is
  flag: bool = True
  huge_pages: bool = False  # glibc's
  channels: int = 1  # fewest input channels for which it is used


WAYS = {
    OURS: Way(),  # as the command line starts, whatever that does
    'XLA, no flag': Way('nhwc', flag=False),
    'XLA, no flag, huge pages': Way('nhwc', flag=False, huge_pages=True),
    'XLA, flag': Way('nhwc'),
    'XLA, flag, huge pages': Way('nhwc', huge_pages=True),
    'XLA, flag, NCHW': Way('nchw'),
    'im2col': Way('im2col'),
    'im2col by quarters': Way('im2col by quarters'),
    '9 shifts': Way('9 shifts'),
    '3 rows': Way('3 rows'),
    'Winograd 2x2': Way('winograd 2x2', channels=16),
    'Winograd 4x4': Way('winograd 4x4', channels=16),
    'Winograd 2x2, huge pages': Way(
        'winograd 2x2', huge_pages=True, channels=16
    ),
    'Winograd 4x4, huge pages': Way(
        'winograd 4x4', huge_pages=True, channels=16
    ),
    'Winograd 4x4, no flag': Way('winograd 4x4', flag=False, channels=16),
}
