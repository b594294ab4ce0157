"""A recogniser: one portable file that names images of a few classes.

It holds templates of classes, and refers to the network whose features they
are templates in. Classes come and go without training.
"""

from lsl_jax.recogniser.answers import Answer, answer
from lsl_jax.recogniser.calibration import threshold
from lsl_jax.recogniser.editing import alone
from lsl_jax.recogniser.embedding import Embedder, reference
from lsl_jax.recogniser.file_format import read, write
from lsl_jax.recogniser.record import (
    check_name,
    empty,
    Preprocessing,
    Recogniser,
    UNKNOWN,
    Weights,
)
from lsl_jax.recogniser.teaching import add, remove

__all__ = [
    'UNKNOWN',
    'Answer',
    'Embedder',
    'Preprocessing',
    'Recogniser',
    'Weights',
    'add',
    'alone',
    'answer',
    'check_name',
    'empty',
    'read',
    'reference',
    'remove',
    'threshold',
    'write',
]
