"""Adaptive margins on the embedded letters: every method, without downloads.

Li, Huang, Lan, Feng, Li, Wang. Boosting few-shot learning with adaptive margin
loss. CVPR 2020: the rows of tables 1, 3 and 4 that are metric-based methods
with and without margins, on letters instead of miniImageNet, and with a network
for one CPU core. What letters are called is the words of their Unicode names.

  python -m lsl_jax.main --config=configs/margin_glyphs.py:task \
      --workdir=runs/margin_glyphs_task

Variants: protonet (default), am3, matching or dynamic; none (default), naive,
class, task, cosface or arcface; joint, floor, mean, meta or fixed. What to
expect, on which hardware, how long: experiments/adaptive_margin/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import margin_methods, margin_variants

IMAGES = 9772  # of the base classes
BATCHES = 400


def get_config(variants=None):
  config = defaults.defaults()
  config.data.name = 'glyphs'
  config.data.augment.crop = 'random'
  config.data.augment.padding = 2
  config.data.augment.rotation = 8.0
  config.data.augment.zoom = 0.1
  margin_variants.protocol(config, images=IMAGES)
  margin_methods.conv4(config)
  config.metric.semantics.source = 'unicode'
  config.metric.semantics.path = ''
  margin_variants.narrow(config, BATCHES, IMAGES)
  return defaults.apply(
      config,
      variants,
      {
          **margin_variants.VARIANTS,
          **margin_variants.with_shots(IMAGES, BATCHES),
          'dynamic': dynamic,
      },
  )


def dynamic(config):
  margin_methods.dynamic(config)
  margin_variants.narrow(config, BATCHES, IMAGES)
