"""Settings of the low-shot phase of Hariharan and Girshick (ICCV 2017)."""

from typing import Any


def settings() -> dict[str, Any]:
  """`config.hallucination`; numbers are the paper's, or else of its code."""
  return {
      # k-means of each base class; variant 'standard' or 'authors'.
      'centroids': 100,
      'clustering_steps': 20,
      'clustering': 'standard',
      # Of mining: pairs compared at a time, see ops.mine_analogies.
      'tile': 1000,
      'generator': {
          'weight': 10.0,
          'hidden': 512,
          'iterations': 120_000,
          'batch_size': 128,
          # The authors take 1.0 for SGM features.
          'learning_rate': 0.1,
          'decay_every': 40_000,
          'weight_decay': 1e-4,
          # Generate until a class has so many examples (k).
          'per_class': 20,
      },
      'logistic': {
          # 'sgd', or 'full': L-BFGS until it has next to nothing to gain.
          'solver': 'sgd',
          'iterations': 10_000,
          'batch_size': 1000,
          'learning_rate': 0.1,
          'weight_decay': 0.001,
          # 'paper': uniform over classes, then examples; or 'authors'.
          'balance': 'paper',
          # Of 'full', in nats.
          'tolerance': 1e-4,
      },
      'matching': {
          'iterations': 60_000,
          'learning_rate': 0.1,
          'decay_every': 20_000,
          'weight_decay': 1e-3,
          'max_shots': 10,
          # Examples of a class that queries are compared with.
          'per_class': 100,
      },
      # Nothing of model regression is known but its layers.
      'regression': {
          'shots': (1, 2, 5, 10, 20),
          'repeats': 5,
          'iterations': 10_000,
          'learning_rate': 0.01,
          'weight': 1.0,
      },
      # Hyper-parameters are chosen on base and validation classes by accuracy
      # on all of them, then frozen. The paper does not say which were tried.
      'tuning': {
          'learning_rate': (0.1, 1.0),
          'weight_decay': (0.0001, 0.001, 0.01),
          'per_class': (5, 20),
          'draws': 5,
          # Numbers of shots whose mean decides; empty: all of evaluation.shots.
          'shots': (),
          # Accuracy of so many guesses.
          'top': 5,
          # False: take the numbers above as they are.
          'enabled': True,
      },
  }
