"""The loss of algorithm 1 against a composition by hand, and its ablations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import models, ops

_KEY = jax.random.key(7)


@pytest.fixture(scope='module')
def batch(pool):
  images, labels = pool
  chosen = np.array([0, 3, 9])  # the second has no label
  codes = ops.unit(jax.random.normal(jax.random.key(5), (3, 6)))
  return codes, jnp.asarray(images[chosen]), jnp.asarray(labels[chosen])


def _run(generation, batch, measure):
  variables = generation.init(jax.random.key(1), batch[0])
  params = variables['params']
  state = {k: v for k, v in variables.items() if k != 'params'}
  return variables, generation.loss(params, state, *batch, _KEY, measure)


def _distance(generated, images, measure):
  """Equation 1 by hand, one number an image."""
  totals = np.zeros(len(images))
  for ours, theirs in zip(measure(generated), measure(images), strict=True):
    difference = np.abs(np.asarray(ours, np.float64) - np.asarray(theirs))
    totals += difference.mean((1, 2, 3))
  return totals


def _entropy(logits, label):
  logits = np.asarray(logits, np.float64)
  return np.log(np.exp(logits).sum()) - logits[label]


def test_the_loss_is_that_of_algorithm_1(make_generation, batch, measure):
  generation = make_generation(noise='none', gamma=0.7)
  variables, (value, (_, metrics)) = _run(generation, batch, measure)
  codes, images, labels = batch
  own = lambda name: {k: v[name] for k, v in variables.items() if name in v}
  generated = generation.generator.apply(
      own('generator'), codes, None, train=True
  )
  logits, _ = generation.classifier.apply(
      own('classifier'), generated, train=True, mutable=['batch_stats']
  )
  distances = _distance(generated, images, measure)
  entropies = [_entropy(logits[i], labels[i]) for i in (0, 2)]
  # An image without a label has no second term.
  expected = (distances.sum() + 0.7 * sum(entropies)) / 3
  np.testing.assert_allclose(value, expected, rtol=1e-5)
  np.testing.assert_allclose(metrics['perceptual'], distances.mean(), rtol=1e-5)
  np.testing.assert_allclose(
      metrics['cross_entropy'], np.mean(entropies), rtol=1e-5
  )


def test_without_a_classifier_it_is_glo(make_generation, batch, measure):
  generation = make_generation(classifier=None)
  variables, (value, (_, metrics)) = _run(generation, batch, measure)
  assert set(variables['params']) == {'generator'}
  assert set(metrics) == {'loss', 'perceptual'}
  assert value == metrics['perceptual']


def test_only_labels_teach_the_classifier(make_generation, batch, measure):
  generation = make_generation()
  variables, _ = _run(generation, batch, measure)
  state = {k: v for k, v in variables.items() if k != 'params'}
  codes, images, labels = batch

  @jax.jit
  def gradient(labels):
    return jax.grad(
        lambda params: generation.loss(
            params, state, codes, images, labels, _KEY, measure
        )[0]
    )(variables['params'])

  known, unknown = gradient(labels), gradient(jnp.full(3, -1))
  norm = lambda tree: sum(float(jnp.sum(g**2)) for g in jax.tree.leaves(tree))
  assert norm(known['classifier']) > 0
  assert norm(unknown['classifier']) == 0
  assert norm(unknown['generator']) > 0


def test_the_latent_classifier_sees_codes(make_generation, batch, measure):
  generation = make_generation(
      classifier=models.LatentClassifier(2, widths=(4, 4)),
      classifier_input='code',
      noise='none',
  )
  variables, (_, (_, metrics)) = _run(generation, batch, measure)
  own = {'params': variables['params']['classifier']}
  logits = generation.classifier.apply(own, batch[0], train=False)
  entropies = [_entropy(logits[i], batch[2][i]) for i in (0, 2)]
  np.testing.assert_allclose(
      metrics['cross_entropy'], np.mean(entropies), rtol=1e-5
  )


def test_the_authors_take_the_softmax_twice(make_generation, batch, measure):
  once, twice = (
      _run(make_generation(noise='none', double_softmax=d), batch, measure)[1]
      for d in (False, True)
  )
  assert once[0] != twice[0]
  # Two classes: probabilities as logits keep the loss above log(1 + 1/e).
  assert twice[1][1]['cross_entropy'] > np.log(1 + np.exp(-1))


@pytest.mark.parametrize('noise', ['concatenate', 'add', 'none'])
def test_noise_acts_as_its_kind_says(make_generation, batch, measure, noise):
  generation = make_generation(noise=noise, noise_std=0.5)
  variables = generation.init(jax.random.key(1), batch[0])
  width = 9 if noise == 'concatenate' else 6
  dense = variables['params']['generator']['generator']['dense1']['kernel']
  assert dense.shape[0] == width
  params = variables['params']
  state = {k: v for k, v in variables.items() if k != 'params'}
  losses = [
      float(
          generation.loss(params, state, *batch, jax.random.key(i), measure)[0]
      )
      for i in range(2)
  ]
  assert (losses[0] == losses[1]) == (noise == 'none')
  # In sampling, noise that is added belongs to training alone.
  images = [
      generation.generate(variables, batch[0], jax.random.key(i))
      for i in range(2)
  ]
  same = np.array_equal(*images)
  assert same == (noise != 'concatenate')


def test_generating_needs_the_generators_variables_alone(
    make_generation, batch
):
  generation = make_generation()
  variables = generation.init(jax.random.key(1), batch[0])
  own = generation.of_generator(variables)
  assert set(own['params']) == {'generator'}
  np.testing.assert_array_equal(
      generation.generate(own, batch[0], _KEY),
      generation.generate(variables, batch[0], _KEY),
  )


@pytest.mark.parametrize(
    'wrong', [{'noise': 'multiply'}, {'classifier_input': 'images'}]
)
def test_unknown_choices_are_refused_with_the_valid_ones(
    make_generation, wrong
):
  with pytest.raises(ValueError, match='valid ones'):
    make_generation(**wrong)
