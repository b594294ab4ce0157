"""Which study measures what `config.evaluation.protocol` names."""

from collections.abc import Mapping

from lsl_jax.pipeline.studies import (
    episodic_study,
    lowshot_study,
    own_images_study,
    small_sample_study,
)
from lsl_jax.pipeline.studies.study import Study

_LOWSHOT = Study(lowshot_study.check, lowshot_study.run)

STUDIES: Mapping[str, Study] = {
    'generalized': _LOWSHOT,
    'transfer': _LOWSHOT,
    'episodic': Study(episodic_study.check, episodic_study.run),
    'own_images': Study(own_images_study.check, own_images_study.run),
    'small_sample': Study(small_sample_study.check, small_sample_study.run),
}
