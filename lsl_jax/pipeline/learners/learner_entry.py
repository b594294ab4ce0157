"""How a config names a learner, and what it is then made from."""

from collections.abc import Callable
from typing import NamedTuple

from lsl_jax import types
from lsl_jax.pipeline.learners.trained import Context


class LearnerEntry(NamedTuple):
  """A learner as a config names it.

  Attributes:
    title: its name in tables, that of the paper where it has one.
    consumes: 'features' (one centre crop an image), 'views' (augmented crops),
      'images': the network is trained anew for each draw; 'named_features',
      features and behind them the vector of what the image's class is called;
      or, in episodes alone, another name of `stores.STORES`.
    make: for all but the third, `(context: Context) -> types.Learner`. For
      'images', what fine-tuning starts from: such a learner too, or None for a
      network trained on all classes at once.
    needs: phases of `phases.PHASES` whose products `make` finds in its context.
    min_shots: the least number of examples a class from which it can learn.
  """

  title: str
  consumes: str
  make: Callable[[Context], types.Learner] | None
  needs: tuple[str, ...] = ()
  min_shots: int = 1
