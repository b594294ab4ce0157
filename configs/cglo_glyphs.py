"""cGLO on the embedded letters: the small-sample task without downloads.

Azuri, Weinshall. Learning from small data through sampling an implicit
conditional generative latent optimization model. 2020: the rows of tables 1 and
3 to 6 with letters, a narrow network and the Laplacian pyramid of the original
GLO as the measure. Test images come from fonts that training never showed.

  python -m lsl_jax.main --config=configs/cglo_glyphs.py \
      --workdir=runs/cglo_glyphs

What to expect, on which hardware, how long: experiments/cglo/README.md.
"""

from lsl_jax.pipeline.settings import defaults
from lsl_jax.pipeline.variants import small_sample_sizes, small_samples


def get_config(variants=None):
  config = defaults.defaults()
  small_samples.start(config)
  small_samples.pyramid(config)
  config.data.name = 'glyphs'
  config.data.max_classes = 20  # more would take more than minutes on a CPU
  # Letters differ by their orientation: no flips, and turns only slightly.
  config.data.augment.crop = 'random'
  config.data.augment.padding = 2
  config.model.backbone = 'conv4'
  config.model.options = {'width': 16}
  config.small_sample.shots = 5
  config.small_sample.whole = 20
  config.train.optimizer.learning_rate = 0.05
  config.train.optimizer.weight_decay = 5e-4
  config.train.checkpoint_every_epochs = 5.0
  config.train.log_every = 50
  config.cglo.batch_size = 32
  config.cglo.code_rate = 1e-2
  config.cglo.generator_optimizer.learning_rate = 2e-3
  config.cglo.log_every = 50
  return small_samples.apply(
      config,
      f'small,{variants or ""}',
      {
          **{str(n): small_samples.shots(n) for n in (3, 5, 10, 20)},
          'small': small,
      },
  )


def small(config):
  """Narrow and short for every row: applied in any case."""
  # Chosen on held-out training images among 15, 60 and 150.
  small_sample_sizes.shorten(config, epochs=150.0, batch_size=32)
  small_sample_sizes.narrow(config)
