"""Images made from latent codes: cGLO, and classifiers trained with its help.

References:
  Bojanowski, Joulin, Lopez-Paz, Szlam. Optimizing the latent space of
  generative networks. ICML 2018.
  Azuri, Weinshall. Learning from small data through sampling an implicit
  conditional generative latent optimization model. 2020.
"""

from lsl_jax.synthesis.codes import Codes
from lsl_jax.synthesis.generation import Generation, NOISES
from lsl_jax.synthesis.initial import activations, hypercube, sphere
from lsl_jax.synthesis.replacement import with_synthesis
from lsl_jax.synthesis.sampling import Bank, INTERPOLATIONS, make_bank
from lsl_jax.synthesis.step import Batch, Group, make_step, State

__all__ = [
    'INTERPOLATIONS',
    'NOISES',
    'Bank',
    'Batch',
    'Codes',
    'Generation',
    'Group',
    'State',
    'activations',
    'hypercube',
    'make_bank',
    'make_step',
    'sphere',
    'with_synthesis',
]
