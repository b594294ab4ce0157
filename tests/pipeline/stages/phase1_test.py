"""Phase 1 with a penalty on features: the weight that a variant asks for."""

import json

import numpy as np
import pytest

from lsl_jax.pipeline.problems import sources
from lsl_jax.pipeline.stages import phase1


@pytest.mark.parametrize('variant', ['batch_sgm', 'decov', 'multiverse'])
def test_the_loss_has_the_penalty_with_the_weight_of_the_variant(
    get_config, tmp_path, variant
):
  config = get_config(f'sgm_glyphs:{variant},smoke')
  config.model.options.depth = 1  # which compiles in half the time
  problem, _ = sources.load(config, str(tmp_path))
  trained = phase1.train(config, problem, None, str(tmp_path))
  lines = (tmp_path / 'metrics.jsonl').read_text().splitlines()
  records = [r for r in map(json.loads, lines) if 'loss' in r]
  assert len(records) > 1
  for record in records:
    assert record['penalty'] > 0
    weighted = config.representation.weight * record['penalty']
    np.testing.assert_allclose(
        record['loss'], record['cross_entropy'] + weighted, rtol=1e-4
    )
  # A row a class for the generator, also of several classifiers.
  assert trained.classifier.shape == (6, 8)
  assert np.isfinite(trained.classifier).all()
