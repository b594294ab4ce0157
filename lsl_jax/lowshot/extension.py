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
  num_classes = old['templates'].shape[0] + novel_templates.shape[0]
  return _with_classifier(
      variables,
      classifier,
      jnp.concatenate([old['templates'], novel_templates]),
      lambda values: imprinting.extend_scale(values, num_classes),
  )


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
  return _with_classifier(
      variables,
      classifier,
      templates,
      lambda values: jnp.full(
          templates.shape[: values.ndim], jnp.mean(values), values.dtype
      ),
  )


def _with_classifier(variables, name, templates, per_class) -> types.Variables:
  """New variables: these templates, and `per_class` of all other entries."""
  old = _classifier_params(variables, name)
  chex.assert_rank(templates, 2)
  chex.assert_equal_shape_suffix([templates, old['templates']], 1)
  new = {key: per_class(value) for key, value in old.items()}
  new['templates'] = templates.astype(old['templates'].dtype)
  return {**variables, 'params': {**variables['params'], name: new}}


def _classifier_params(variables, name) -> dict[str, jax.Array]:
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
  return params[name]
