"""Settings of the small-sample task, of cGLO, and of what it samples.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020.
"""

from typing import Any

from ml_collections import ConfigDict


def small_sample() -> dict[str, Any]:
  """The task: N images a class, all test images, several seeds."""
  return {
      # 'plain' (the images and their augmentation), 'cglo', 'mixmatch'.
      'method': 'plain',
      # What tables call it; '' for the method.
      'title': '',
      # N, images a class.
      'shots': 10,
      # Samples, each drawn and trained with a seed of its own.
      'seeds': 3,
      # 'test', or 'held_out' while choosing anything: training images that are
      # not in the sample.
      'report': 'test',
      # How many of those a class.
      'held_out': 20,
      # Unlabelled training images for cGLO's generator or MixMatch.
      'unlabelled': 0,
      # Whether the test images (without labels) train cGLO's generator.
      'transductive': False,
      # Images a class of the whole training set: an epoch visits each image of
      # the sample whole // shots times, so that all sizes are trained for as
      # many steps. 0: once.
      'whole': 0,
  }


def cglo() -> dict[str, Any]:
  """How latent codes and their generator are trained."""
  return {
      # Of a finished run of the same sample and cGLO, whose generators are
      # taken over; '' trains them.
      'workdir': '',
      'code_size': 128,
      # 'sphere', 'hypercube' (corners by class), 'listed_hypercube' (as the
      # authors list them), 'activations' of `activations` below, whose number
      # is then the size of the codes.
      'initial': 'sphere',
      'activations': {
          'backbone': 'resnet18',
          'options': ConfigDict(),
          'path': '',
      },
      # 'convolutional' (DCGAN) or 'dense' (the authors'), of images of `size`.
      'generator': {'name': 'convolutional', 'options': ConfigDict()},
      # Side of what the generator makes; 0: data.size.
      'size': 0,
      # 'image', 'code' (the latent classifier) or 'none'.
      'classifier': 'image',
      'classifier_options': ConfigDict(),
      # 'concatenate', 'add' or 'none'. Size and sigma are the authors'.
      'noise': 'concatenate',
      'noise_size': 100,
      'noise_std': 0.15,
      'noise_layer': False,
      # Weight of the classifier's cross-entropy, the authors'.
      'gamma': 0.5,
      'double_softmax': False,
      'perceptual': {
          # 'vgg16', 'efficientnet_lite0', or 'pyramid'.
          'name': 'vgg16',
          # A torchvision or timm file of ImageNet weights; '' where a package
          # brings them.
          'path': '',
          # Names of maps; () for the usual five.
          'layers': (),
          # Of the maps' mean absolute differences; () for ones.
          'weights': (),
          # Whether the images themselves are one more map.
          'pixels': False,
          # VGG-16 as in the authors' program: of [-1, 1], with pixels and with
          # levels by the size of the images; other choices are without effect.
          'authors': False,
          # Side to which images are brought beforehand; 0: none.
          'size': 0,
          # Of the pyramid.
          'levels': 4,
      },
      'epochs': 200.0,
      'batch_size': 128,
      # Whether an epoch visits labelled images as often as that of the
      # classifier; it visits others once.
      'oversample': True,
      # Codes and images live in so many parts, which are divided among devices;
      # at least as many as devices, and a divisor of the batch.
      'parts': 8,
      # Of the codes: Adam. Rates of all three are the authors'.
      'code_rate': 1e-3,
      'b1': 0.5,
      'b2': 0.999,
      'generator_optimizer': {
          'name': 'adam',
          'learning_rate': 7e-4,
          'b1': 0.5,
          'b2': 0.999,
      },
      'classifier_optimizer': {
          'name': 'sgd',
          'learning_rate': 0.1,
          'momentum': 0.9,
          'weight_decay': 1e-4,
      },
      # Of all three rates, in epochs.
      'schedule': {'name': 'exponential', 'rate': 0.5, 'every': 70},
      # Whether optimisers begin anew in every epoch.
      'forget': False,
      'checkpoint_every_epochs': 20.0,
      'log_every': 100,
  }


def synthesis() -> dict[str, Any]:
  """How new images are sampled while the classifier is trained."""
  return {
      'probability': 0.5,
      # 'slerp' or 'lerp'.
      'interpolation': 'slerp',
      'amounts': (0.1, 0.2, 0.3, 0.4),
      # Whether new images are augmented as real ones are.
      'augment': True,
      # As the authors' program has it: whole batches are real or new, one
      # amount a batch, an image may be its own partner.
      'per_batch': False,
      'one_amount': False,
      'itself': False,
  }


def mixmatch() -> dict[str, Any]:
  """MixMatch's constants; see `representation.mixmatch`."""
  return {
      'views': 2,
      'temperature': 0.5,
      'alpha': 0.75,
      'unlabelled_weight': 75.0,
      'average': 0.999,
      # Steps over which that weight rises, as a share of all.
      'ramp': 1.0,
  }
