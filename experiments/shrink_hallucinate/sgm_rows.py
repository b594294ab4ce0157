"""The rows of tables 1 and 2: what each is called, and the run it comes from.

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017.
"""

from typing import NamedTuple


class Row(NamedTuple):
  """A row.

  Attributes:
    run: a name of `RUNS`.
    learner: a name of lsl_jax/pipeline/learners/registry.py.
    paper: what the row is called in paper.json, behind the backbone.
  """

  run: str
  learner: str
  paper: str


# By run, the variants of the config that it adds, which are described in
# lsl_jax/pipeline/variants/shrinking.py.
RUNS: dict[str, tuple[str, ...]] = {
    'baseline': (),
    'sgm': ('sgm',),
    'batch_sgm': ('batch_sgm',),
    'l1': ('l1',),
    'l2': ('l2',),
    'triplet': ('triplet',),
    'dropout': ('dropout',),
    'decov': ('decov',),
    'multiverse': ('multiverse',),
    'augmentation': ('augmentation',),
    'regression': ('regression',),
    'matching': ('matching',),
    'finetune': ('finetune',),
}
# Which take the baseline's network over, and which start from it.
SHARE = ('augmentation', 'regression', 'matching', 'finetune')
START = ('triplet',)

_TITLES = {
    'baseline': 'Baseline',
    'sgm': 'SGM',
    'batch_sgm': 'Batch SGM',
    'l1': 'L1',
    'l2': 'L2',
    'triplet': 'Triplets',
    'dropout': 'Dropout',
    'decov': 'Decov',
    'multiverse': 'Multiverse',
}
# Runs that train a network of their own, for novel classes to come.
REPRESENTATIONS = tuple(_TITLES)
ROWS = (
    *(
        Row(run, learner, f'{title} | {phase}')
        for run, title in _TITLES.items()
        for learner, phase in (
            ('logistic', 'Classifier'),
            ('logistic_hallucinate', 'Generation + Classifier'),
        )
    ),
    Row('augmentation', 'logistic_aug', 'Baseline | Data augmentation'),
    Row('regression', 'model_regression', 'Baseline | Model Regression'),
    Row('matching', 'matching_network', 'Baseline | Matching Network'),
    Row('finetune', 'random_finetune', 'Baseline-ft | Classifier'),
)
# Table number: split.
TABLES = {1: 'novel', 2: 'all'}
# Figure: its rows, by their names in the paper.
FIGURES = {
    4: tuple(
        f'{_TITLES[run]} | Classifier'
        for run in ('baseline', 'sgm', 'l2', 'triplet', 'decov', 'multiverse')
    ),
    5: (
        'Baseline | Classifier',
        'Baseline | Generation + Classifier',
        'SGM | Classifier',
        'SGM | Generation + Classifier',
    ),
    6: (
        'Baseline | Classifier',
        'Baseline | Generation + Classifier',
        'SGM | Generation + Classifier',
        'Baseline | Model Regression',
        'Baseline | Matching Network',
        'Baseline | Data augmentation',
    ),
}
