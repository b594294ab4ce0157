"""Scorers and the margins around them, on a tiny network."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import losses, models, ops, representation, types

KEY = jax.random.key(1)
SHAPE = ops.EpisodeShape(way=2, shots=1, queries=3)
CLASSES = ((3, 0), (1, 2))


@pytest.fixture
def episodes(rng):
  """Two 2-way tasks of four classes."""
  images = jnp.asarray(rng.normal(size=(16, 2, 2, 3)), jnp.float32)
  return types.Batch(images, jnp.repeat(jnp.array(CLASSES).reshape(-1), 4))


@pytest.fixture
def similarities(rng):
  found = rng.uniform(-1, 1, size=(4, 4))
  return jnp.float32((found + found.T) / 2)


def _variables(made, batch):
  variables = jax.jit(made.init)(jax.random.key(0), batch.images)
  params = variables['params']
  return params, {k: v for k, v in variables.items() if k != 'params'}


def _embeddings(network, params, batch):
  return np.float64(
      network.apply({'params': params}, batch.images, train=False)['embedding']
  )


def _expected(embeddings, score, margins):
  """The mean loss by loops: tasks, queries and classes."""
  found = []
  rows = embeddings.reshape(2, 2, 4, -1)
  for e, task in enumerate(rows):
    for y in range(2):
      for query in task[y, 1:]:
        z = [score(query, task[k, :1]) for k in range(2)]
        ahead = z[1 - y] + margins[CLASSES[e][y]][CLASSES[e][1 - y]]
        found.append(np.log(1 + np.exp(ahead - z[y])))
  return np.mean(found)


def _distance(query, support):
  return -np.linalg.norm(query - support.mean(0))


@pytest.mark.parametrize('name', ['none', 'naive', 'class'])
def test_prototypes_are_trained_by_the_margin_loss_of_every_task(
    tiny_network, episodes, similarities, name
):
  network = tiny_network(norm=False, unit=False)
  made = representation.with_margin(
      representation.prototypical(network, SHAPE, metric='euclidean'),
      models.Margin(name, value=0.7, alpha=2.0, beta=0.1),
      similarities,
  )
  params, state = _variables(made, episodes)
  value, (_, metrics) = jax.jit(made.loss)(params, state, episodes, KEY)
  margins = {
      'none': np.zeros((4, 4)),
      'naive': np.full((4, 4), 0.7),
      'class': 2 * np.float64(similarities) + 0.1,
  }[name]
  embeddings = _embeddings(network, params, episodes)
  np.testing.assert_allclose(
      value, _expected(embeddings, _distance, margins), rtol=1e-4
  )
  np.testing.assert_allclose(
      metrics['cross_entropy'],
      _expected(embeddings, _distance, np.zeros((4, 4))),
      rtol=1e-4,
  )
  assert (name == 'class') == ('margins' in params)
  if name == 'class':
    np.testing.assert_allclose(metrics['margin_slope'], 2, rtol=1e-3)


def test_matching_networks_attend_by_cosines(tiny_network, episodes):
  network = tiny_network(norm=False, unit=False)
  made = representation.with_margin(
      representation.matching(network, SHAPE, scale=4.0), models.Margin()
  )
  params, state = _variables(made, episodes)
  np.testing.assert_allclose(params['head']['scale'], 4)

  def score(query, support):  # of one example: the cosine
    return 4 * np.mean(
        [query @ s / np.linalg.norm(query) / np.linalg.norm(s) for s in support]
    )

  value, _ = jax.jit(made.loss)(params, state, episodes, KEY)
  expected = _expected(
      _embeddings(network, params, episodes), score, np.zeros((4, 4))
  )
  np.testing.assert_allclose(value, expected, rtol=1e-4)


def test_am3_gives_the_words_of_each_tasks_classes_to_the_mixture(
    tiny_network, episodes, rng
):
  network = tiny_network(norm=False, unit=False)
  semantics = jnp.float32(rng.normal(size=(4, 5)))
  mixture = models.CrossModalMixture(3, dropout=0.0, normalise=False)
  made = representation.with_margin(
      representation.cross_modal_prototypes(network, SHAPE, mixture, semantics),
      models.Margin(),
  )
  params, state = _variables(made, episodes)
  embeddings = _embeddings(network, params, episodes)
  prototypes = jnp.float32(embeddings.reshape(4, 4, -1)[:, 0])
  mixed = mixture.apply(
      {'params': params['head']},
      prototypes,
      semantics[jnp.array(CLASSES).reshape(-1)],
      train=False,
  )
  by_prototype = {
      tuple(np.round(p, 4)): np.float64(m)
      for p, m in zip(np.float64(prototypes), mixed, strict=True)
  }

  def score(query, support):
    return _distance(query, by_prototype[tuple(np.round(support[0], 4))][None])

  value, _ = jax.jit(made.loss)(params, state, episodes, KEY)
  expected = _expected(embeddings, score, np.zeros((4, 4)))
  np.testing.assert_allclose(value, expected, rtol=1e-3)


def test_a_cosine_classifier_is_one_task_of_all_classes(
    tiny_network, batch, similarities
):
  network = tiny_network(norm=False)
  scorer = representation.classifier_scores(network, 4)
  params, state = _variables(scorer, batch)
  logits = scorer.logits({'params': params}, batch.images)
  cosines = logits / params['classifier']['scale']
  expected = {
      'none': losses.cross_entropy(logits, batch.labels),
      'class': losses.margin_cross_entropy(
          logits, batch.labels, 2 * similarities
      ),
      'cosface': losses.cosface(cosines, batch.labels, scale=10.0, margin=0.3),
      'arcface': losses.arcface(cosines, batch.labels, scale=10.0, margin=0.3),
  }
  for name, values in expected.items():
    made = representation.with_margin(
        scorer, models.Margin(name, value=0.3, alpha=2.0), similarities
    )
    own, state = _variables(made, batch)
    value, _ = jax.jit(made.loss)(own, state, batch, KEY)
    np.testing.assert_allclose(value, values.mean(), rtol=1e-4, err_msg=name)


@pytest.mark.parametrize('remedy', ['joint', 'mean', 'meta', 'fixed'])
def test_what_a_generator_learns_from_is_the_remedys(
    tiny_network, episodes, similarities, remedy
):
  network = tiny_network(cosine=False)
  made = representation.with_margin(
      representation.prototypical(network, SHAPE),
      models.Margin('class', value=0.5, remedy=remedy),
      similarities,
  )
  params, state = _variables(made, episodes)
  gradient = jax.jit(jax.value_and_grad(made.loss, has_aux=True))
  (value, (new_state, metrics)), slope = gradient(params, state, episodes, KEY)
  assert jax.tree.structure(new_state) == jax.tree.structure(state)
  np.testing.assert_allclose(value, metrics['loss'], rtol=1e-6)
  alpha, beta = slope['margins']['alpha'], slope['margins']['beta']
  assert jnp.abs(slope['backbone']['kernel']).max() > 1e-6
  if remedy == 'joint':
    assert beta > 0  # descent lowers it, whatever the data
  elif remedy == 'mean':
    np.testing.assert_allclose(beta, 0, atol=1e-6)
    np.testing.assert_allclose(metrics['margin'], 0.5, rtol=1e-5)
  elif remedy == 'fixed':
    assert alpha == beta == 0
  else:
    assert alpha != 0 and beta != 0


def test_devices_with_whole_tasks_take_the_global_batchs_step(
    tiny_network, episodes, similarities
):
  def make(axis_name):
    return representation.with_margin(
        representation.prototypical(
            tiny_network(axis_name=axis_name, unit=False), SHAPE
        ),
        models.Margin('task', hidden=3, remedy='meta'),
        similarities,
        axis_name=axis_name,
    )

  params, state = _variables(make(None), episodes)
  expected = jax.jit(jax.grad(make(None).loss, has_aux=True))(
      params, state, episodes, KEY
  )
  gradient = jax.grad(make('data').loss, has_aux=True)
  parts = jax.tree.map(lambda x: x.reshape(2, -1, *x.shape[1:]), episodes)
  found = jax.block_until_ready(
      jax.pmap(
          lambda part: jax.lax.pmean(
              gradient(params, state, part, KEY), 'data'
          ),
          axis_name='data',
          devices=jax.devices()[:2],
      )(parts)
  )
  assert jnp.abs(expected[0]['margins']['dense1']['kernel']).max() > 1e-6
  scalars = ('margin_slope',)  # over all pairs: no mean of parts
  for ours, theirs in (
      (found[0], expected[0]),
      (found[1][0], expected[1][0]),
      (
          {k: v for k, v in found[1][1].items() if k not in scalars},
          {k: v for k, v in expected[1][1].items() if k not in scalars},
      ),
  ):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a[0], b, rtol=1e-2, atol=2e-4),
        ours,
        theirs,
    )


def test_evaluation_knows_no_margin(tiny_network, episodes, similarities):
  made = representation.with_margin(
      representation.prototypical(tiny_network(), SHAPE),
      models.Margin('task', hidden=3),
      similarities,
  )
  params, state = _variables(made, episodes)
  found = made.embed({'params': params, **state}, episodes.images)
  bare = {'params': {k: v for k, v in params.items() if k != 'margins'}}
  stats = {k: v for k, v in state['batch_stats'].items() if k != 'margins'}
  np.testing.assert_array_equal(
      found['embedding'],
      tiny_network().apply(
          {**bare, 'batch_stats': stats}, episodes.images, train=False
      )['embedding'],
  )


def test_what_does_not_fit_is_refused(tiny_network, episodes):
  scorer = representation.prototypical(tiny_network(), SHAPE)
  with pytest.raises(ValueError, match="'class' needs similarities"):
    representation.with_margin(scorer, models.Margin('class'))
  with pytest.raises(ValueError, match="needs the metric 'cosine'"):
    representation.with_margin(scorer, models.Margin('arcface'))
  made = representation.with_margin(scorer, models.Margin())
  params, state = _variables(made, episodes)
  with pytest.raises(ValueError, match='15 rows are no whole number of 2-way'):
    short = jax.tree.map(lambda x: x[:15], episodes)
    made.loss(params, state, short, KEY)
