"""The paper's own setting: every number of it that the ImageNet config has.

Hariharan, Girshick. Low-shot visual recognition by shrinking and hallucinating
features. ICCV 2017, section 6; what it leaves out is as in the authors' code.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import data, models, training
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.pipeline.stages import fitting, tuning_grid

ALL = {
    # Section 6.1.
    'evaluation.protocol': 'generalized',
    'evaluation.shots': (1, 2, 5, 10, 20),
    'evaluation.draws': 5,
    'evaluation.top': (1, 5),
    'hallucination.tuning.top': 5,
    'hallucination.tuning.enabled': True,
    # Section 6.2: a linear classifier, whose gradient has no bias.
    'model.head': 'linear',
    'model.use_bias': False,
    'model.embedding': None,
    'model.dropout': 0.0,
    'model.spare_rows': 0,
    'train.epochs': 90.0,
    'train.sampling': 'epoch',
    'train.select': 'last',
    'train.optimizer.name': 'sgd',
    'train.optimizer.learning_rate': 0.1,
    'train.optimizer.momentum': 0.9,
    'train.optimizer.weight_decay': 1e-4,
    'hallucination.logistic.solver': 'sgd',
    'hallucination.logistic.iterations': 10_000,
    'hallucination.logistic.batch_size': 1000,
    # Section 6.3: uniform over classes, then within the class.
    'hallucination.logistic.balance': 'paper',
    # Section 4.1.
    'hallucination.centroids': 100,
    'hallucination.generator.hidden': 512,
    # The authors' code.
    'hallucination.clustering_steps': 20,
    'hallucination.generator.weight': 10.0,
    'hallucination.generator.iterations': 120_000,
    'hallucination.generator.batch_size': 128,
    'hallucination.generator.decay_every': 40_000,
    'hallucination.generator.weight_decay': 1e-4,
    'hallucination.matching.iterations': 60_000,
    'hallucination.matching.learning_rate': 0.1,
    'hallucination.matching.decay_every': 20_000,
    'hallucination.matching.weight_decay': 1e-3,
    'hallucination.matching.max_shots': 10,
    'hallucination.matching.per_class': 100,
}
RESNET10 = {'model.backbone': 'resnet10', 'train.batch_size': 256}
RESNET50 = {'model.backbone': 'resnet50_low_shot', 'train.batch_size': 100}
BASELINE = {
    'representation.name': 'softmax',
    'hallucination.generator.learning_rate': 0.1,
    'hallucination.generator.per_class': 20,
}
SGM = {
    'representation.name': 'softmax_sgm',
    'hallucination.generator.learning_rate': 1.0,
    'hallucination.generator.per_class': 5,
}
# Rows of the tables; the weight of SGM is another one for each network.
ROWS = {
    '': {**RESNET10, **BASELINE},
    'sgm': {**RESNET10, **SGM, 'representation.weight': 0.02},
    'resnet50': {**RESNET50, **BASELINE},
    'resnet50,sgm': {**RESNET50, **SGM, 'representation.weight': 0.005},
    'sgm,resnet50': {**RESNET50, **SGM, 'representation.weight': 0.005},
}


@pytest.fixture(scope='module')
def config(get_config):
  """The config without a variant, not to be changed."""
  return get_config('sgm_imagenet')


@pytest.mark.parametrize('variants', ROWS)
def test_every_number_is_that_of_the_paper_or_else_of_its_code(
    get_config, variants
):
  config = get_config(f'sgm_imagenet:{variants}')
  expected = {**ALL, **ROWS[variants]}
  assert {key: _value(config, key) for key in expected} == expected


@pytest.mark.parametrize('variants', ['', 'resnet50'])
def test_the_rate_is_divided_by_ten_every_thirty_epochs(get_config, variants):
  config = get_config(f'sgm_imagenet:{variants}')
  steps = 100
  rate = training.optimizer.make(
      config.train.optimizer, steps_per_epoch=steps, num_steps=90 * steps
  ).learning_rate
  np.testing.assert_allclose(
      [rate(round(e * steps)) for e in (1, 29.9, 30, 59.9, 60, 89.9)],
      [0.1, 0.1, 0.01, 0.01, 0.001, 0.001],
      rtol=1e-6,
  )
  first = 0.01 if variants else 0.1  # an epoch at a tenth
  np.testing.assert_allclose([rate(0), rate(steps - 1)], first, rtol=1e-6)


def test_one_half_of_the_base_classes_is_tuned_on_the_other_reported(config):
  names = tuple(f'{number:03d}' for number in range(1000))
  split = data.class_split(config.data.split.to_dict(), names)
  labels = np.repeat(np.arange(1000), 2)
  dataset = data.Dataset(
      'toy',
      np.zeros((2000, 1, 1, 3), np.uint8),
      labels,
      names,
      np.arange(2000) % 2 == 0,
  )
  own = config.copy_and_resolve_references()
  own.evaluation.protocol = 'episodic'  # in which no images are drawn yet
  taken = []
  for part, sizes in (('validation', (193, 300)), ('novel', (196, 311))):
    own.evaluation.classes = part
    problem = problem_lib.assemble(
        dataset, split.base, getattr(split, part), in_memory=True
    )
    task = task_lib.make_task(own, problem)
    assert (task.num_base, task.num_novel) == sizes
    taken += task.class_names
  assert len({*taken}) == 1000


def test_networks_have_the_published_sizes_and_no_bias_behind_features(
    config, get_config
):
  shapes = _shapes(registry.make_network(config, 389, None), 224)['params']
  assert {*shapes} == {'backbone', 'classifier'}
  assert sum(p.size for p in jax.tree.leaves(shapes['backbone'])) == 4_905_792
  assert {name: p.shape for name, p in shapes['classifier'].items()} == {
      'templates': (389, 512)
  }
  # The authors' own classifier has ImageNet's 1000 rows.
  spare = get_config('sgm_imagenet:authors').model.spare_rows
  assert 389 + spare == 1000


def test_the_generator_has_three_layers_of_512(config):
  module = models.Hallucinator(hidden=config.hallucination.generator.hidden)
  shapes = jax.eval_shape(module.init, jax.random.key(0), *jnp.zeros((3, 512)))
  assert {
      name: layer['kernel'].shape for name, layer in shapes['params'].items()
  } == {'dense1': (3 * 512, 512), 'dense2': (512, 512), 'dense3': (512, 512)}


def test_images_are_seen_as_the_authors_code_sees_them(config):
  assert (config.data.resize, config.data.size) == (256, 224)
  assert config.data.keep_aspect
  spec = fitting.augmentation(config)
  assert (spec.crop, spec.size, spec.flip) == ('resized', 224, True)
  assert spec.area == (0.08, 1.0)
  assert (spec.brightness, spec.contrast, spec.saturation) == (0.4,) * 3
  assert fitting.normalisation(config) == {
      'mean': (0.485, 0.456, 0.406),
      'std': (0.229, 0.224, 0.225),
  }


def test_what_the_authors_chose_on_validation_classes_is_in_the_grid(config):
  # Of their scripts: rate, weight decay and k of every row.
  chosen = [(0.1, 0.001, 20), (1.0, 0.001, 5), (0.1, 0.01, 20), (0.1, 0.001, 5)]
  points = tuning_grid.grid(config, 'logistic_hallucinate')
  for rate, decay, number in chosen:
    point = {'learning_rate': rate, 'weight_decay': decay, 'per_class': number}
    assert point in points
  assert tuning_grid.shots(config) == (1, 2, 5, 10, 20)


def _value(config, dotted):
  for part in dotted.split('.'):
    config = config[part]
  return config


def _shapes(network, size):
  image = jnp.zeros((1, size, size, 3))
  return jax.eval_shape(
      lambda key: network.init(key, image, train=False), jax.random.key(0)
  )
