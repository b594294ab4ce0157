"""Configs of dense classification carry the numbers that the paper prints."""

import jax
import jax.numpy as jnp
import pytest

from lsl_jax import models, types
from lsl_jax.pipeline.learners import dense_learners
from lsl_jax.pipeline.learners.trained import Context

# Section 5.1 of the paper: of all rows, ...
EVERYWHERE = {
    'model.backbone': 'resnet12',
    'model.head': 'cosine',
    'model.embedding': None,
    'model.pooling': 'gap',
    'representation.name': 'dense',
    'evaluation.protocol': 'episodic',
    'evaluation.classes': 'novel',
    'evaluation.shots': (1, 5, 10),
    'episodes.way': 5,
    'episodes.queries': 30,
    'episodes.tasks': 10_000,
    'prototypes.scale': 10.0,
    'implants.channels': 16,
    'implants.blocks': 1,
    'implants.epochs': 50,
    'implants.scale': 10.0,
}
# ... of a data set, ...
OF_DATA = {
    'miniimagenet': {
        'data.split': 'miniimagenet',
        'data.size': 84,
        'model.scale': 10.0,
        'train.iterations': 8_000,
        'train.batch_size': 200,
        'train.sampling': 'epoch',
        'train.optimizer.name': 'sgd',
        'train.optimizer.nesterov': True,
    },
    'fc100': {
        'data.split': 'fc100',
        'data.size': 32,
        'model.scale': 100.0,
        'train.iterations': 12_500,
        'train.batch_size': 512,
        'train.sampling': 'epoch',
        'train.optimizer.name': 'adam',
    },
}
# ... and of a row: what it changes.
OF_ROW = {
    '': {},
    'gap': {'representation.name': 'softmax', 'learners': ('proto_gap_gap',)},
    'c128f': {'model.backbone': 'c128f'},
    'wide': {'model.options.extra': 16},
    'poolings': {
        'evaluation.shots': (5,),
        'episodes.base_queries': 150,
        'learners': (
            'proto_gmp_gmp',
            'proto_gmp_dense',
            'proto_gap_gap',
            'proto_gap_dense',
        ),
    },
    'implants': {
        'evaluation.shots': (5, 10),
        'episodes.tasks': 5_000,
        'learners': ('proto_gap_dense', 'implant_gap_gap_dense'),
    },
    'implant_poolings': {'evaluation.shots': (5,), 'episodes.tasks': 5_000},
}


def _read(config, keys):
  flat = {}
  for key in keys:
    value = config
    for part in key.split('.'):
      value = value[part]
    flat[key] = value
  return flat


@pytest.mark.parametrize('data', OF_DATA)
@pytest.mark.parametrize('row', OF_ROW)
def test_a_row_has_the_numbers_of_the_paper(get_config, data, row):
  expected = {**EVERYWHERE, **OF_DATA[data], **OF_ROW[row]}
  config = get_config(f'dense_{data}:{row}')
  assert _read(config, expected) == expected


@pytest.mark.parametrize('size', [84, 32])
def test_implants_and_wide_both_make_528_channels_of_512(get_config, size):
  config = get_config('dense_miniimagenet:implants')
  backbone = models.build_backbone('resnet12', **config.model.options)
  taps, _ = jax.eval_shape(
      lambda key, images: backbone.init_with_output(key, images, train=False),
      jax.random.key(0),
      jax.ShapeDtypeStruct((10, size, size, 3), jnp.float32),
  )
  learner = dense_learners.ENTRIES['implant_gap_gap_dense'].make(
      Context(config, None, None, {})
  )
  fitted = jax.eval_shape(
      lambda taps, labels: learner.fit(
          jax.random.key(0),
          types.Base(jnp.zeros((0, 1))),
          types.Support(taps, labels, 5),
      ),
      taps,
      jax.ShapeDtypeStruct((10,), jnp.int32),
  )
  assert taps['map'].shape[-1] == 512
  assert fitted.prototypes.shape == (5, 528)
  assert fitted.losses.shape == (50,)
  wide = get_config('dense_miniimagenet:wide').model.options
  assert models.build_backbone('resnet12', **wide).blocks[-1][0] == 528


def test_table_3_trains_implants_in_four_ways_and_tests_each_in_three(
    get_config,
):
  learners = get_config('dense_miniimagenet:implant_poolings').learners
  assert learners == tuple(
      f'implant_{support}_{query}_{test}'
      for support in ('gmp', 'gap')
      for query in (support, 'dense')
      for test in ('gap', 'gmp', 'dense')
  )
