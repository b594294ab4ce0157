"""What cGLO lowers: a reconstruction from a code, and its class.

References:
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020, algorithm 1.
"""

from collections.abc import Sequence
import dataclasses
from typing import Any

import chex
from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax import losses, types
from lsl_jax.models import perceptual as perceptual_lib

NOISES = ('concatenate', 'add', 'none')
INPUTS = ('image', 'code')


@dataclasses.dataclass(frozen=True)
class Generation:
  """A generator and a weak classifier, and how they are trained together.

  Attributes:
    generator: `(codes, noise, train=...) -> images` in 0 .. 1, such as a
      `models.NoisyGenerator`.
    classifier: `(images or codes, train=...) -> logits`; None for none, which
      is GLO.
    classifier_input: 'image' (the generated one) or 'code', Table 4's "Latent
      classifier".
    noise: 'concatenate' noise to the code, 'add' it (Table 4), or 'none'
      (Table 3).
    noise_size: how many numbers are concatenated; not in the paper.
    noise_std: their standard deviation sigma; not in the paper.
    gamma: weight of the cross-entropy; not in the paper.
    double_softmax: whether probabilities are taken for logits, as in the
      authors' program.
    weights: of the perceptual maps, see `losses.perceptual`.

  The numbers that the paper leaves open are those of its authors' program.
  """

  generator: nn.Module
  classifier: nn.Module | None = None
  classifier_input: str = 'image'
  noise: str = 'concatenate'
  noise_size: int = 100
  noise_std: float = 0.15
  gamma: float = 0.5
  double_softmax: bool = False
  weights: Sequence[float] | None = None

  def __post_init__(self):
    for name, value, valid in (
        ('noise', self.noise, NOISES),
        ('classifier_input', self.classifier_input, INPUTS),
    ):
      if value not in valid:
        raise ValueError(
            f'unknown {name} {value!r}; valid ones: {", ".join(valid)}'
        )
    if self.weights is not None:
      object.__setattr__(self, 'weights', tuple(self.weights))

  def init(self, key: types.Key, codes: jax.Array) -> types.Variables:
    """Variables by collection, with entries `generator` and `classifier`.

    Args:
      key: of the weights.
      codes: some codes, `[B, Z]`; only their size matters.

    Returns:
      `{'params': {'generator': ..., 'classifier': ...}, 'batch_stats': ...}`.
    """
    generator_key, classifier_key = jax.random.split(key)
    noise = self._noise(key, codes)
    parts = {
        'generator': self.generator.init(
            generator_key, codes, noise, train=False
        )
    }
    if self.classifier is not None:
      inputs = codes
      if self.classifier_input == 'image':
        inputs = self.generator.apply(
            parts['generator'], codes, noise, train=False
        )
      parts['classifier'] = self.classifier.init(
          classifier_key, inputs, train=False
      )
    collections = sorted({name for part in parts.values() for name in part})
    return {
        collection: {
            name: part[collection]
            for name, part in parts.items()
            if collection in part
        }
        for collection in collections
    }

  def loss(
      self,
      params: Any,
      model_state: Any,
      codes: jax.Array,
      images: jax.Array,
      labels: jax.Array,
      key: types.Key,
      perceptual: perceptual_lib.Perceptual,
  ) -> tuple[jax.Array, tuple[Any, dict[str, jax.Array]]]:
    r"""The mean over a batch of algorithm 1's loss.

    .. math:: L_{percep}(G([z_i, \varepsilon]), x_i)
        + \gamma\, L_{CE}(f(G([z_i, \varepsilon])), y_i)

    The second term is left out where :math:`y_i` is not known.

    Args:
      params: of both networks, differentiable.
      model_state: their other collections.
      codes: z, `[B, Z]`, differentiable.
      images: x, `[B, H, W, 3]` in 0 .. 1.
      labels: y, `[B]` int; -1 for an image without a label.
      key: of noise and dropout.
      perceptual: the maps whose L1 distances count.

    Returns:
      The loss, and the new model state with metrics: `loss`, `perceptual`, and
      with a classifier `cross_entropy` and `accuracy` over labelled images.
    """
    chex.assert_rank([codes, images, labels], [2, 4, 1])
    chex.assert_equal_shape_prefix([codes, images, labels], 1)
    noise_key, dropout_key = jax.random.split(key)
    new_state = {name: dict(parts) for name, parts in model_state.items()}

    def run(module, name, *arguments):
      variables, mutable = _own(params, model_state, name)
      outputs, changed = module.apply(
          variables,
          *arguments,
          train=True,
          mutable=mutable,
          rngs={'dropout': dropout_key},
      )
      for collection, values in changed.items():
        new_state[collection][name] = values
      return outputs

    if self.noise == 'add':
      added = jax.random.normal(noise_key, codes.shape)
      noisy, noise = codes + self.noise_std * added, None
    else:
      noisy, noise = codes, self._noise(noise_key, codes)
    generated = run(self.generator, 'generator', noisy, noise)
    distance = jnp.mean(
        losses.perceptual(
            perceptual(generated), perceptual(images), weights=self.weights
        )
    )
    metrics = {'perceptual': distance}
    value = distance
    if self.classifier is not None:
      inputs = generated if self.classifier_input == 'image' else noisy
      logits = run(self.classifier, 'classifier', inputs)
      known = (labels >= 0).astype(jnp.float32)
      scores = jax.nn.softmax(logits) if self.double_softmax else logits
      entropies = losses.cross_entropy(scores, jnp.maximum(labels, 0))
      value = value + self.gamma * jnp.mean(known * entropies)
      share = jnp.maximum(jnp.sum(known), 1.0)
      correct = (jnp.argmax(logits, -1) == labels).astype(jnp.float32)
      metrics['cross_entropy'] = jnp.sum(known * entropies) / share
      metrics['accuracy'] = jnp.sum(correct) / share
    metrics['loss'] = value
    return value, (new_state, metrics)

  def generate(
      self, variables: types.Variables, codes: jax.Array, key: types.Key
  ) -> jax.Array:
    """Images of codes in evaluation mode, `[B, H, W, 3]` in 0 .. 1.

    Args:
      variables: as `init` gives them; the classifier's are not needed.
      codes: `[B, Z]`.
      key: of the noise that is concatenated; noise is not added here.

    Returns:
      The images.
    """
    params, model_state = variables['params'], {
        name: parts for name, parts in variables.items() if name != 'params'
    }
    own, _ = _own(params, model_state, 'generator')
    images: Any = self.generator.apply(
        own, codes, self._noise(key, codes), train=False
    )
    return images

  def of_generator(self, variables: types.Variables) -> types.Variables:
    """The generator's variables alone, all that `generate` needs."""
    return {
        collection: {'generator': parts['generator']}
        for collection, parts in variables.items()
        if 'generator' in parts
    }

  def _noise(self, key, codes):
    if self.noise != 'concatenate' or not self.noise_size:
      return None
    shape = (len(codes), self.noise_size)
    return self.noise_std * jax.random.normal(key, shape)


def _own(params, model_state, name):
  """One network's variables, and which of its collections change."""
  others = {
      collection: parts[name]
      for collection, parts in model_state.items()
      if name in parts
  }
  return {'params': params[name], **others}, list(others)
