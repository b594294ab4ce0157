"""What a run shows and leaves behind: scalars, progress, tables, figures.

Knows no method: everything here takes plain numbers, arrays and names.
"""

from lsl_jax.report import arrays, atomic, compare, jsonl, results, tables
from lsl_jax.report.activations import activation_maps
from lsl_jax.report.bars import accuracy_bars
from lsl_jax.report.curves import fine_tuning, learning
from lsl_jax.report.figures import save, shorten
from lsl_jax.report.grids import picture_rows
from lsl_jax.report.images import exemplars, predictions
from lsl_jax.report.mosaic import mosaic
from lsl_jax.report.plots import accuracy_against_shots, embedding_size
from lsl_jax.report.progress import Progress
from lsl_jax.report.writers import FILE_NAME as METRICS_FILE
from lsl_jax.report.writers import Writer

__all__ = [
    'METRICS_FILE',
    'Progress',
    'Writer',
    'accuracy_against_shots',
    'accuracy_bars',
    'activation_maps',
    'arrays',
    'atomic',
    'compare',
    'embedding_size',
    'exemplars',
    'fine_tuning',
    'jsonl',
    'learning',
    'mosaic',
    'picture_rows',
    'predictions',
    'results',
    'save',
    'shorten',
    'tables',
]
