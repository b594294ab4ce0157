"""Adaptive margins on miniImageNet: tables 1, 3 and 4.

Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive margin
loss. CVPR 2020. Rows of the tables, as variants (five_shot is the default, add
one_shot for the other column):

  1, 3  Prototypical network, 4Conv      protonet,conv4
  1     Prototypical network, ResNet12   protonet,resnet12
  1     Prototypical network + TRAML     protonet,resnet12,task
  1     Matching networks, 4Conv         matching,conv4
  1     Dynamic FSL, 4Conv               dynamic,conv4
  1, 3  AM3                              am3,resnet12
  1, 3  AM3 + TRAML                      am3,resnet12,task
  3     naive, class-relevant margin     am3,resnet12,naive (or class)
  4     angular, cosine margin           am3,resnet12,arcface (or cosface)
  4     Our full model (cosine)          am3,resnet12,cosine,task

  python -m lsl_jax.main --config=configs/margin_miniimagenet.py:am3,task \
      --config.data.path=miniimagenet --workdir=runs/mini_am3_task

`miniimagenet` is a folder of a folder for each class, named by its WordNet
number, as the split is; or an .npz file with --config.data.name=npz. Word
vectors are GloVe's, for which --config.metric.semantics.rename must name a
.json file from these numbers to words. ResNet-12 is the default. The recipe is
AM3's, since the paper tells none. The paper's numbers, 600 tasks: AM3 + TRAML
67.10 and 79.54. At full size: not run; about a day of one GPU with ResNet-12.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import margin_methods, margin_variants

IMAGES = 64 * 600
BATCHES = 30_000


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'folder'
  config.data.path = 'miniimagenet'
  config.data.split = 'miniimagenet'
  config.data.resize = config.data.size = 84
  margin_variants.protocol(config, images=IMAGES)
  margin_methods.resnet12(config)
  return defaults.apply(
      config,
      variants,
      {
          **margin_variants.VARIANTS,
          **margin_variants.with_shots(IMAGES, BATCHES),
          'wordnet': wordnet,
          'narrow': narrow,
      },
  )


def wordnet(config):
  """Similarities of WordNet in place of word vectors, by WordNet's numbers.

  --config.metric.semantics.path names an .npz with wnids and similarities.
  """
  config.metric.semantics.source = 'similarity'
  config.metric.semantics.names_key = 'wnids'
  config.metric.semantics.values_key = 'similarities'


def narrow(config):
  """A network of a quarter of the width, and a recipe for one CPU core."""
  margin_methods.conv4(config)
  margin_variants.narrow(config, 400, IMAGES)
