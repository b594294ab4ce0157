"""Trained networks with other classes: where fine-tuning starts.

References:
  Qi, Brown, Lowe. Low-shot learning with imprinted weights. CVPR 2018,
  section 4.2 (fine-tuning), section 6.3 (transfer learning).
"""

import chex
import jax
import jax.numpy as jnp

from lsl_jax import types
from lsl_jax.lowshot import imprinting


def extend_classifier(
    variables: types.Variables,
    novel_templates: jax.Array,
    *,
    classifier: str = 'classifier',
) -> types.Variables:
  """Appends novel templates to a trained network's classifier.

  Base rows and all else stay as they are. Whatever the classifier has one of a
  class (a scale, a bias), a novel class gets the mean of.

  Args:
    variables: with `params[classifier]['templates']` `[C, D]`.
    novel_templates: `[N, D]`, as a learner's fit makes them.
    classifier: the classifier's name in the parameter tree.

  Returns:
    Variables of a network with C + N classes; the tree given is not changed.

  Raises:
    KeyError: if there is no such classifier, or it has no templates.
  """
  old = _classifier_params(variables, classifier)
  templates = old.pop('templates')
  _check(novel_templates, templates)
  num_classes = templates.shape[0] + novel_templates.shape[0]
  new = {
      name: imprinting.extend_scale(values, num_classes)
      for name, values in old.items()
  }
  new['templates'] = jnp.concatenate(
      [templates, novel_templates.astype(templates.dtype)]
  )
  return _with_classifier(variables, classifier, new)


def replace_classifier(
    variables: types.Variables,
    templates: jax.Array,
    *,
    classifier: str = 'classifier',
) -> types.Variables:
  """Puts new classes in the place of a trained network's old ones (transfer).

  Whatever the classifier has one of a class (a scale, a bias), every new class
  gets the mean of.

  Args:
    variables: with `params[classifier]['templates']` `[C, D]`.
    templates: `[N, D]`, one row a new class.
    classifier: the classifier's name in the parameter tree.

  Returns:
    Variables of a network with N classes; the tree given is not changed.

  Raises:
    KeyError: if there is no such classifier, or it has no templates.
  """
  old = _classifier_params(variables, classifier)
  trained = old.pop('templates')
  _check(templates, trained)
  new = {
      name: jnp.full(templates.shape[: values.ndim], jnp.mean(values))
      for name, values in old.items()
  }
  new['templates'] = templates.astype(trained.dtype)
  return _with_classifier(variables, classifier, new)


def _check(new: jax.Array, trained: jax.Array) -> None:
  chex.assert_rank(new, 2)
  chex.assert_equal_shape_suffix([new, trained], 1)


def _with_classifier(
    variables: types.Variables, name: str, params: dict[str, jax.Array]
) -> types.Variables:
  return {**variables, 'params': {**variables['params'], name: params}}


def _classifier_params(
    variables: types.Variables, name: str
) -> dict[str, jax.Array]:
  """A copy of the classifier's dictionary of parameters."""
  params = variables['params']
  if name not in params:
    raise KeyError(
        f'no classifier {name!r} in the parameters; they have: '
        + ', '.join(params)
    )
  if 'templates' not in params[name]:
    raise KeyError(
        f'{name!r} has no entry templates; it has: ' + ', '.join(params[name])
    )
  return dict(params[name])
