"""Prototypes and implants, by the names that configs give them.

Lifchitz, Avrithis, Picard, Bursuc. Dense classification and implanting for
few-shot learning. CVPR 2019, tables 1 to 5.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lsl_jax import lowshot, models, types
from lsl_jax.pipeline.learners.learner_entry import LearnerEntry
from lsl_jax.pipeline.learners.trained import Context


def _prototypes(support: str, query: str) -> Callable[[Context], types.Learner]:
  return lambda context: lowshot.prototypical(
      scale=context.config.prototypes.scale, support=support, query=query
  )


def _prototype_entries() -> dict[str, LearnerEntry]:
  """Pooling of support and of queries: 'proto_gap_dense' and so on."""
  names = {'gap': 'GAP', 'gmp': 'GMP', 'dense': 'DC'}
  return {
      f'proto_{support}_{query}': LearnerEntry(
          f'Prototypes {names[support]}, queries {names[query]}',
          'maps',
          _prototypes(support, query),
      )
      for support in ('gap', 'gmp')
      for query in names
  }


def implant_stream(config: Any) -> lowshot.Stream:
  """The implants that a config describes, beside its network's last blocks.

  Raises:
    ValueError: the network is none that implants are made for.
  """
  backbone = models.build_backbone(
      config.model.backbone, **config.model.options.to_dict()
  )
  if not isinstance(backbone, models.ResNet12):
    raise ValueError(
        f'implants are made for resnet12, not {config.model.backbone!r}'
    )
  options = config.implants
  return lowshot.Stream(
      channels=options.channels,
      blocks=options.blocks,
      pool=tuple(pool for _, pool in backbone.blocks[-options.blocks :]),
      activation=options.activation,
      normalisation=options.normalisation,
      shortcut=options.shortcut,
      init_scale=options.init_scale,
  )


def _implants(
    support: str, query: str, test_query: str
) -> Callable[[Context], types.Learner]:
  def make(context):
    options = context.config.implants
    return lowshot.implant(
        stream=implant_stream(context.config),
        support=support,
        query=query,
        test_query=test_query,
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        scale=options.scale,
    )

  return make


def _implant_entries() -> dict[str, LearnerEntry]:
  """Pooling in training, of support and query, and of test queries."""
  names = {'gap': 'GAP', 'gmp': 'GMP', 'dense': 'DC'}
  return {
      f'implant_{support}_{query}_{test}': LearnerEntry(
          f'Implants {names[support]}-{names[query]}, queries {names[test]}',
          'taps',
          _implants(support, query, test),
          min_shots=2,
      )
      for support in ('gap', 'gmp')
      for query in names
      for test in names
  }


ENTRIES: Mapping[str, LearnerEntry] = {
    'proto': LearnerEntry('Prototypes', 'features', _prototypes('gap', 'gap')),
    **_prototype_entries(),
    **_implant_entries(),
}
