"""Networks with appended or replaced classes."""

import copy

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lsl_jax import lowshot
from lsl_jax.models import heads

NOVEL = jnp.array([[0.0, 0.0, 1.0], [1.0, 1.0, 0.0]])


def _variables(head):
  params = head.init(jax.random.key(0), jnp.ones((1, 3)))['params']
  return {
      'params': {'backbone': {'kernel': jnp.ones(2)}, 'classifier': params},
      'batch_stats': {'backbone': {'mean': jnp.ones(2)}},
  }


def _logits(head, variables, features):
  return head.apply({'params': variables['params']['classifier']}, features)


@pytest.mark.parametrize(
    'head',
    [
        lambda n: heads.CosineClassifier(n),
        lambda n: heads.CosineClassifier(n, per_class_scale=True),
        lambda n: heads.LinearClassifier(n),
        lambda n: heads.LinearClassifier(n, use_bias=True),
    ],
    ids=['one scale', 'scale a class', 'linear', 'linear with bias'],
)
def test_an_extended_head_scores_base_classes_as_before(rng, head):
  variables = _variables(head(4))
  features = jnp.asarray(rng.normal(size=(5, 3)), jnp.float32)
  extended = lowshot.extend_classifier(variables, NOVEL)
  logits = _logits(head(6), extended, features)
  np.testing.assert_allclose(
      logits[:, :4], _logits(head(4), variables, features), atol=1e-5
  )
  replaced = lowshot.replace_classifier(variables, NOVEL)
  np.testing.assert_allclose(
      _logits(head(2), replaced, features), logits[:, 4:], atol=1e-5
  )


def test_novel_classes_get_the_mean_scale():
  variables = _variables(heads.CosineClassifier(4, per_class_scale=True))
  variables['params']['classifier']['scale'] = jnp.array([1.0, 2.0, 3.0, 6.0])
  extended = lowshot.extend_classifier(variables, NOVEL)
  np.testing.assert_array_equal(
      extended['params']['classifier']['scale'], [1, 2, 3, 6, 3, 3]
  )
  replaced = lowshot.replace_classifier(variables, NOVEL)
  np.testing.assert_array_equal(
      replaced['params']['classifier']['scale'], [3, 3]
  )


@pytest.mark.parametrize(
    'change', [lowshot.extend_classifier, lowshot.replace_classifier]
)
def test_all_else_stays_and_the_tree_given_is_not_changed(change):
  variables = _variables(heads.CosineClassifier(4))
  before = copy.deepcopy(variables)
  changed = change(variables, NOVEL)
  jax.tree.map(np.testing.assert_array_equal, variables, before)
  assert changed['batch_stats'] is variables['batch_stats']
  assert changed['params']['backbone'] is variables['params']['backbone']
  assert changed['params']['classifier']['scale'].shape == ()


def test_a_missing_classifier_is_named_with_what_there_is():
  variables = _variables(heads.CosineClassifier(4))
  with pytest.raises(KeyError, match=r"'head'.*backbone, classifier"):
    lowshot.extend_classifier(variables, NOVEL, classifier='head')
  with pytest.raises(KeyError, match=r"'backbone' has no entry.*kernel"):
    lowshot.replace_classifier(variables, NOVEL, classifier='backbone')


def test_templates_of_another_width_are_refused():
  variables = _variables(heads.CosineClassifier(4))
  with pytest.raises(AssertionError, match='suffix'):
    lowshot.extend_classifier(variables, jnp.ones((2, 5)))
