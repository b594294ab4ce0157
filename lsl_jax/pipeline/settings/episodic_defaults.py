"""Settings of episodic evaluation, and of the learners made for it."""

from typing import Any


def episodes() -> dict[str, Any]:
  """How tasks are drawn, as Lifchitz et al. 2019 do it (section 5.1)."""
  return {
      # Classes of a task, and queries a class; shots are evaluation.shots.
      'way': 5,
      'queries': 30,
      'tasks': 10000,
      # Held-out base images on which each task is tested too, drawn anew for
      # each; 0: tasks on novel classes alone.
      'base_queries': 0,
      # Whose images support and queries are drawn from: 'all' of the novel
      # classes, or 'test', those that the data set has for testing.
      'images': 'all',
      # About what a chunk of tasks may take, in 10^9 bytes.
      'memory_gb': 4.0,
  }


def prototypes() -> dict[str, Any]:
  """Of prototypical learners: the scale of dense soft assignments."""
  return {'scale': 10.0}


def implants() -> dict[str, Any]:
  """Of implants; the paper has 16 channels, one block, 50 epochs, scale 10.

  It leaves the rest open. The normalisation, rate and shortcut are the best of
  those tried on validation classes, see experiments/dense_implant/README.md.
  """
  return {
      'channels': 16,
      # How many blocks, counted from the last.
      'blocks': 1,
      'epochs': 50,
      'learning_rate': 1e-2,
      'weight_decay': 1e-4,
      'scale': 10.0,
      # 'none', or 'batch': by the support set's statistics.
      'normalisation': 'batch',
      # 'swish', 'relu' or 'none'.
      'activation': 'swish',
      # Whether the 1x1 convolution of the shortcut has an implant too.
      'shortcut': True,
      # Of the start, times that of a layer that keeps the variance.
      'init_scale': 1.0,
  }
