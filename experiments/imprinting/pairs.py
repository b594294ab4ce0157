"""The paper's claims, each about one learner's accuracy minus another's."""

from typing import NamedTuple

import paper
import runs
import verdicts

from lsl_jax.pipeline.learners import registry


class Side(NamedTuple):
  """Top-1 accuracy of a learner in a run, see runs.RUNS.

  Attributes:
    run: its name.
    learner: of the registry; with `_start`, before it was fine-tuned.
    split: whose test images count.
  """

  run: str
  learner: str
  split: str = 'novel'

  @property
  def name(self) -> str:
    """As `measured.Measured.accuracies` has it."""
    return f'{self.learner}/{self.split}/top1'

  @property
  def title(self) -> str:
    """The paper's name of the learner."""
    # What fine-tuning starts from is what imprinting alone gives.
    learner = self.learner.removesuffix('_finetune_start')
    return registry.LEARNERS[learner].title

  @property
  def where(self) -> str:
    """Protocol and split in words."""
    transfer = self.run in ('transfer', 'transfer_finetune', 'lifted')
    return 'transfer' if transfer else f'{self.split} classes'

  def percent(self, shots: int) -> float | None:
    """The paper's number, where it gives one."""
    if self.run == 'lifted' or self.run[-1].isdigit():  # only in its figures
      return None
    tables = {'transfer': 3, 'novel classes': 1, 'all classes': 2}
    return paper.percent(tables[self.where], self.title, shots)


class Pair(NamedTuple):
  """Two sides, and what the paper says of the first minus the second.

  Attributes:
    claim: in words.
    first: what is better, or about the same.
    second: what is subtracted.
    claimed: about the difference.
    least_shots: below it there is nothing to compare.
    note: what else to say of the comparison.
  """

  claim: str
  first: Side
  second: Side
  claimed: verdicts.Claim
  least_shots: int = 1
  note: str = ''

  @property
  def comparison(self) -> str:
    """What is subtracted from what, in words."""
    titles = dict.fromkeys((self.first.title, self.second.title))
    parts = (' − '.join(titles), self.note, self.first.where)
    return ', '.join(filter(None, parts))


# Runs and splits of tables 1, 2 and 3.
ON_FEATURES = (
    ('generalized', 'novel'),
    ('generalized', 'all'),
    ('transfer', 'novel'),
)
_FINE_TUNED = (
    ('finetune', 'novel'),
    ('finetune', 'all'),
    ('transfer_finetune', 'novel'),
)
INITIALISATION = 'imprinted initialisation beats random'

PAIRS = (
    *(
        Pair(
            'imprinting is far above random',
            Side(run, 'imprint'),
            Side(run, 'random'),
            verdicts.FAR_ABOVE,
        )
        for run in ('generalized', 'transfer')
    ),
    *(
        Pair(
            'averaging beats nearest neighbour',
            Side(run, 'imprint'),
            Side(run, 'nearest'),
            verdicts.ABOVE,
            least_shots=2,  # of one example both are the same classifier
            note=loss,
        )
        for run, loss in (
            ('transfer', 'softmax'),
            ('lifted', 'lifted structure'),
        )
    ),
    *(
        Pair(
            'augmentation adds little',
            Side(run, 'imprint_aug', split),
            Side(run, 'imprint', split),
            verdicts.LITTLE,
        )
        for run, split in ON_FEATURES
    ),
    *(
        Pair(
            'fine-tuning helps',
            Side(run, 'imprint_finetune', split),
            Side(run, 'imprint_finetune_start', split),
            verdicts.ABOVE,
        )
        for run, split in _FINE_TUNED
    ),
    *(
        Pair(
            INITIALISATION,
            Side(run, 'imprint_finetune', split),
            Side(run, 'random_finetune', split),
            verdicts.ABOVE,
        )
        for run, split in _FINE_TUNED
    ),
    *(
        Pair(
            'fine-tuned imprinting beats joint training',
            Side('finetune', 'imprint_finetune', split),
            Side('joint', 'joint', split),
            verdicts.ABOVE,
        )
        for split in ('novel', 'all')
    ),
    *(
        Pair(
            'the size of the embedding matters little',
            Side(f'{run}{size}', learner),
            Side(f'{run}{runs.SIZES[0]}', learner),
            verdicts.LITTLE,
            note=f'D = {size} − D = {runs.SIZES[0]}',
        )
        for run, learner in (('d', 'imprint'), ('joint_d', 'joint'))
        for size in runs.SIZES[1:]
    ),
    *(
        Pair(
            'softmax beats lifted structure',
            Side('transfer', learner),
            Side('lifted', learner),
            verdicts.ABOVE,
            note='softmax − lifted structure',
        )
        for learner in ('imprint', 'nearest')
    ),
)
