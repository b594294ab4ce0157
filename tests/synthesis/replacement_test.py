"""Training batches of which a part is made inside the step."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import ops, synthesis, types

_LABELS = np.array([0, 0, 1, 1, 1, 0])
_NUMBERS = jnp.tile(jnp.arange(6), 100)


@pytest.fixture(scope='module')
def bank():
  codes = ops.unit(jax.random.normal(jax.random.key(0), (6, 4)))
  return synthesis.make_bank(codes, _LABELS, 2)


def _seen():
  """A representation whose loss shows what it was given."""

  def loss(params, model_state, batch, key):
    del key
    metrics = {'images': batch.images, 'labels': batch.labels}
    return jnp.sum(params), (model_state, metrics)

  return types.Representation(None, loss, None, None)


def _generate(variables, codes, key):
  """Images of one pixel that tell their code's first number, and a weight."""
  del key
  value = codes[:, 0] * variables['weight']
  return jnp.broadcast_to(value[:, None, None, None], (len(codes), 1, 1, 3))


def _run(bank, seed=0, present=lambda key, images: images, **options):
  representation = synthesis.with_synthesis(
      _seen(), generate=_generate, present=present, **options
  )
  batch = types.Batch(jnp.full((600, 1, 1, 3), 5.0), _NUMBERS)
  run = jax.jit(representation.loss)
  _, (_, metrics) = run(
      jnp.ones(2),
      {},
      batch,
      jax.random.key(seed),
      {'weight': jnp.float32(1)},
      bank,
  )
  return metrics, np.asarray(metrics['images'])[:, 0, 0, 0]


def test_half_of_the_images_are_new_and_all_keep_their_class(bank):
  metrics, pixels = _run(bank)
  new = pixels != 5
  np.testing.assert_allclose(new.mean(), 0.5, atol=0.07)
  np.testing.assert_allclose(metrics['synthetic'], new.mean(), atol=1e-6)
  np.testing.assert_array_equal(metrics['labels'], _LABELS[_NUMBERS])
  # New ones come from codes between those of their class.
  for c in (0, 1):
    own = np.asarray(bank.codes)[c == _LABELS]
    ways = {
        round(float(ops.slerp(a, b, t)[0]), 4)
        for a in own
        for b in own
        if a is not b
        for t in (0.1, 0.2, 0.3, 0.4)
    }
    made = pixels[new & (_LABELS[_NUMBERS] == c)]
    gaps = np.abs(made[:, None] - np.array(sorted(ways))[None]).min(1)
    assert gaps.max() < 2e-4


@pytest.mark.parametrize('probability', [0.0, 1.0])
def test_none_or_all_can_be_replaced(bank, probability):
  metrics, pixels = _run(bank, probability=probability)
  assert metrics['synthetic'] == probability
  assert ((pixels != 5) == bool(probability)).all()


def test_new_images_are_presented_as_real_ones_are(bank):
  _, plain = _run(bank, probability=1.0)
  _, doubled = _run(
      bank, probability=1.0, present=lambda key, images: 2 * images
  )
  np.testing.assert_allclose(doubled, 2 * plain, atol=1e-6)


def test_the_authors_replace_whole_batches_half_of_the_time(bank):
  shares = [
      float(_run(bank, seed, per_batch=True)[0]['synthetic'])
      for seed in range(6)
  ]
  assert set(shares) == {0.0, 1.0}


def test_what_is_frozen_is_an_argument_and_no_constant(bank):
  representation = synthesis.with_synthesis(
      _seen(), generate=_generate, present=lambda key, images: images
  )
  batch = types.Batch(jnp.zeros((4, 1, 1, 3)), jnp.arange(4))
  text = (
      jax.jit(jax.value_and_grad(representation.loss, has_aux=True))
      .lower(
          jnp.ones(2),
          {},
          batch,
          jax.random.key(0),
          {'weight': jnp.float32(1)},
          bank,
      )
      .as_text()
  )
  arguments = text.split('@main(', 1)[1].split('->')[0]
  assert 'tensor<6x4xf32>' in arguments  # the bank's codes
  assert not any(
      'constant' in line and 'tensor<6x4xf32>' in line
      for line in text.splitlines()
  )


def test_probabilities_out_of_range_are_refused():
  with pytest.raises(ValueError, match=r'0 \.\. 1'):
    synthesis.with_synthesis(
        _seen(), generate=_generate, present=None, probability=1.2
    )
