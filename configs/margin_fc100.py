"""Adaptive margins on FC100: 60 base, 20 validation and 20 novel classes.

Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive margin
loss. CVPR 2020: the rows of tables 1, 3 and 4 that are metric-based methods
with and without margins, on smaller images whose superclasses are not
divided. The paper has no numbers for it.

  python -m lsl_jax.main --config=configs/margin_fc100.py:resnet12,am3,task \
      --config.data.path=cifar100.npz --workdir=runs/fc100_am3_task

`cifar100.npz` is made by experiments/imprinting/prepare_cifar100.py, or
--config.data.name=tfds:cifar100 takes the set from TFDS. Word vectors are
GloVe's 300 numbers of 6 billion words, glove.6B.300d.txt
(--config.metric.semantics.path).

Variants: protonet (default), am3, matching or dynamic; none (default), naive,
class, task, cosface or arcface; conv4 (default) or resnet12; one_shot or
five_shot (default); joint, floor, mean, meta or fixed; narrow for a CPU core.
What was measured: experiments/adaptive_margin/README.md. At full size: not run;
30,000 batches of Conv-4 are hours of one GPU, of ResNet-12 about a day.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import margin_methods, margin_variants

IMAGES = 60 * 500
BATCHES = 30_000
NARROW_BATCHES = 400


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'npz'
  config.data.path = 'cifar100.npz'
  config.data.split = 'fc100'
  margin_variants.protocol(config, images=IMAGES)
  margin_methods.conv4(config)
  return defaults.apply(
      config,
      variants,
      {
          **margin_variants.VARIANTS,
          **margin_variants.with_shots(IMAGES, BATCHES),
          'narrow': narrow,
      },
  )


def narrow(config):
  """A network of a quarter of the width, and a recipe for one CPU core."""
  margin_variants.narrow(config, NARROW_BATCHES, IMAGES)
