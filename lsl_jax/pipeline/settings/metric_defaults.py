"""What a config may set about metric-based learning, margins and semantics.

Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive margin
loss. CVPR 2020, and the methods that its margins are wrapped around.
"""

from typing import Any


def metric() -> dict[str, Any]:
  """Of the representations prototypical, am3, matching and cosine_margin."""
  return {
      # Of prototypical and am3: 'squared_euclidean' (Snell et al.),
      # 'euclidean' (AM3 and TADAM) or 'cosine'.
      'distance': 'squared_euclidean',
      # Logits are this times the scores; and whether it is trained.
      'scale': 1.0,
      'learn_scale': False,
      'margin': margin(),
      # AM3's mixture: see models.CrossModalMixture.
      'mixture': {'hidden': 300, 'dropout': 0.7, 'normalise': True},
      'semantics': semantics(),
  }


def margin() -> dict[str, Any]:
  """See `models.Margin`, where the names are."""
  return {
      # none, naive, class, task, cosface or arcface.
      'name': 'none',
      # Of naive, cosface and arcface; the floor, and the mean.
      'value': 1.0,
      # Of class: where training starts.
      'alpha': 1.0,
      'beta': 0.0,
      # Of task.
      'hidden': 32,
      'sort': False,
      'affine': True,
      # What keeps a learned margin from collapsing: joint (nothing, the paper's
      # text), floor, mean, meta or fixed.
      'remedy': 'joint',
  }


def semantics() -> dict[str, Any]:
  """What class names mean: see `data.load_semantics`."""
  return {
      # unicode, words, classes or similarity.
      'source': 'unicode',
      'path': '',
      # Keys of an .npz file.
      'names_key': 'words',
      'values_key': 'vectors',
      # A .json file from class names to those that the source knows.
      'rename': '',
      # 'error', or 'zero' for classes that it does not know.
      'unknown': 'error',
  }


def generator() -> dict[str, Any]:
  """Dynamic FSL's second stage: see `lowshot.Stage`, miniImageNet's numbers."""
  return {
      'way': 5,
      # Of the training episodes; 0: the largest of evaluation.shots.
      'shots': 0,
      'novel_queries': 3,
      'base_queries': 15,
      'tasks': 8,
      'steps': 60_000,
      'learning_rates': (0.1, 0.006, 0.0012, 0.00024),
      'boundaries': (1 / 3, 2 / 3, 5 / 6),
      'momentum': 0.9,
      'weight_decay': 5e-4,
      'dropout': 0.0,
      'attention': True,
      'scale': 10.0,
      # Random views of each base image on which it is trained; 0: the centre.
      'views': 0,
  }


def episodes() -> dict[str, int]:
  """Of a recipe whose sampling is 'episodes': see `data.EpisodeSampling`."""
  return {'way': 5, 'shots': 5, 'queries': 15, 'tasks': 4}
