"""Matching networks with full contextual embeddings, on stored features.

References:
  Vinyals et al. Matching networks for one shot learning. NeurIPS 2016,
  section 2.1.
  Hariharan, Girshick. Low-shot visual recognition by shrinking and
  hallucinating features. ICCV 2017, section 6.4 (base and novel classes
  together; details as in the authors' code).
"""

import chex
from flax import linen as nn
import jax
import jax.numpy as jnp

from lsl_jax.ops import similarity


class MatchingNetwork(nn.Module):
  r"""Compares queries with support examples, both seen in their context.

  .. math:: G = S + \overrightarrow{h}(S) + \overleftarrow{h}(S), \qquad
      P(y \mid f) = \sum_{i: y_i = y} \mathrm{softmax}_i\Big(
      F(f)^\top \frac{G_i}{\lVert G_i \rVert}\Big)

  with the states of one LSTM forwards and one backwards along the support, and
  F from an LSTM that looks at G. The support's order therefore matters. Rows
  whose label is negative are padding: no state sees them.

  Parameters start uniform within :math:`1 / \sqrt D`. A gate has one bias,
  where PyTorch's have two.

  Attributes:
    size: D, of features and of all states.
    attention_steps: how often a query looks at the support.
  """

  size: int
  attention_steps: int = 5

  def setup(self):
    """Names the three LSTMs."""
    self.forward_cell = _Lstm(self.size, self.size)
    self.backward_cell = _Lstm(self.size, self.size)
    self.query_cell = _Lstm(2 * self.size, self.size)

  def __call__(
      self,
      queries: jax.Array,
      support: jax.Array,
      labels: jax.Array,
      num_classes: int,
  ) -> jax.Array:
    """Log-probabilities `[Q, C]` of queries; encodes the support first."""
    encoded = self.encode_support(support, labels)
    return self.log_probabilities(queries, encoded, labels, num_classes)

  def encode_support(self, support: jax.Array, labels: jax.Array) -> jax.Array:
    """Examples in the context of those before and after them.

    Args:
      support: `[S, D]`, in the order in which the LSTMs see it.
      labels: `[S]` int, negative for padding.

    Returns:
      :math:`G`, `[S, D]`.
    """
    chex.assert_shape(support, (labels.shape[0], self.size))
    real = labels >= 0
    return (
        support
        + _states(self.forward_cell(), support, real, reverse=False)
        + _states(self.backward_cell(), support, real, reverse=True)
    )

  def encode_queries(
      self, queries: jax.Array, encoded: jax.Array, labels: jax.Array
  ) -> jax.Array:
    r"""Queries in the context of the support.

    .. math:: r_k = \mathrm{softmax}(h_{k-1} G^\top)\, G, \quad
        \hat h_k, c_k = \mathrm{LSTM}([f, r_k], h_{k-1}, c_{k-1}), \quad
        h_k = \hat h_k + f

    from :math:`h_0 = f, c_0 = 0`.

    Args:
      queries: :math:`f`, `[Q, D]`.
      encoded: :math:`G`, `[S, D]`.
      labels: of the support, `[S]` int, negative for padding.

    Returns:
      :math:`F = h_K`, `[Q, D]`.
    """
    chex.assert_rank([queries, encoded], 2)
    chex.assert_equal_shape_suffix([queries, encoded], 1)
    kernels = self.query_cell()
    hidden, cell = queries, jnp.zeros_like(queries)
    for _ in range(self.attention_steps):
      scores = _hide_padding(hidden @ encoded.T, labels)
      read = jax.nn.softmax(scores) @ encoded
      inputs = jnp.concatenate([queries, read], axis=-1)
      hidden, cell = _step(kernels, _project(kernels, inputs), hidden, cell)
      hidden = hidden + queries
    return hidden

  def log_probabilities(
      self,
      queries: jax.Array,
      encoded: jax.Array,
      labels: jax.Array,
      num_classes: int,
  ) -> jax.Array:
    """Log-probability of every class: that of its examples together.

    Args:
      queries: `[Q, D]`.
      encoded: G, `[S, D]`, as `encode_support` gives it.
      labels: of the support, `[S]` int, negative for padding.
      num_classes: C; static.

    Returns:
      `[Q, C]`, minus infinity for classes without an example.
    """
    queries = self.encode_queries(queries, encoded, labels)
    scores = _hide_padding(queries @ similarity.unit(encoded).T, labels)
    log_shares = jax.nn.log_softmax(scores)
    return _log_sum_by_class(log_shares.T, labels, num_classes).T


class _Lstm(nn.Module):
  """The parameters of one LSTM; the gates are input, forget, cell, output."""

  inputs: int
  size: int

  @nn.compact
  def __call__(self) -> dict[str, jax.Array]:
    bound = self.size**-0.5

    def init(key, shape):
      return jax.random.uniform(key, shape, minval=-bound, maxval=bound)

    gates = 4 * self.size
    return {
        'input': self.param('input', init, (self.inputs, gates)),
        'recurrent': self.param('recurrent', init, (self.size, gates)),
        'bias': self.param('bias', init, (gates,)),
    }


def _project(kernels, inputs):
  return inputs @ kernels['input'] + kernels['bias'][None]


def _step(kernels, projected, hidden, cell):
  """One step of an LSTM on a batch: its new output and memory, `[B, D]`."""
  gates = projected + hidden @ kernels['recurrent']
  enter, keep, new, leave = jnp.split(gates, 4, axis=-1)
  cell = jax.nn.sigmoid(keep) * cell + jax.nn.sigmoid(enter) * jnp.tanh(new)
  return jax.nn.sigmoid(leave) * jnp.tanh(cell), cell


def _states(kernels, sequence, real, *, reverse):
  """Outputs `[S, D]` of an LSTM along a sequence; padding leaves it alone."""

  def step(state, each):
    projected, real = each
    state = jax.tree.map(
        lambda new, old: jnp.where(real, new, old),
        _step(kernels, projected[None], *state),
        state,
    )
    return state, state[0][0]

  start = jnp.zeros((1, sequence.shape[-1]), sequence.dtype)
  # One large product for all inputs; only the recurrence is sequential.
  inputs = (_project(kernels, sequence), real)
  return jax.lax.scan(step, (start, start), inputs, reverse=reverse)[1]


def _hide_padding(scores, labels):
  return jnp.where((labels >= 0)[None], scores, -jnp.inf)


def _log_sum_by_class(values, labels, num_classes):
  """Log of the summed exponentials of each class's rows, `[C, Q]`."""
  labels = jnp.where(labels < 0, num_classes, labels)  # out of range: dropped
  largest = jax.lax.stop_gradient(
      jax.ops.segment_max(values, labels, num_classes)
  )
  largest = jnp.where(jnp.isfinite(largest), largest, 0.0)
  sums = jax.ops.segment_sum(
      jnp.exp(values - largest[labels]), labels, num_classes
  )
  logs = jnp.log(jnp.where(sums > 0, sums, 1.0)) + largest
  return jnp.where(sums > 0, logs, -jnp.inf)
