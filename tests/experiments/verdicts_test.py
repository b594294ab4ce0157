import math

import pytest


@pytest.mark.parametrize(
    ('claim', 'mean', 'half_width', 'verdict'),
    [
        ('ABOVE', 1.0, 0.5, 'holds'),
        ('ABOVE', -1.0, 0.5, 'does not hold'),
        ('FAR_ABOVE', 7.0, 1.0, 'holds'),
        ('FAR_ABOVE', 5.5, 1.0, 'undecided'),
        ('FAR_ABOVE', 2.0, 1.0, 'does not hold'),
        ('LITTLE', -1.0, 0.5, 'holds'),
        ('LITTLE', 0.0, 3.0, 'undecided'),
        ('LITTLE', 3.0, 0.5, 'does not hold'),
        ('LITTLE', -3.0, 0.5, 'does not hold'),
        ('LITTLE', math.nan, math.nan, 'undecided'),
    ],
)
def test_a_claim_is_decided_by_where_its_interval_lies(
    script, claim, mean, half_width, verdict
):
  verdicts = script('verdicts')
  estimate = script('measured').Estimate(mean, half_width, seeds=3, draws=1)
  assert verdicts.decide(getattr(verdicts, claim), estimate) == verdict


def test_claims_say_what_they_claim(script):
  verdicts = script('verdicts')
  assert str(verdicts.FAR_ABOVE) == '> 5'
  assert str(verdicts.LITTLE) == 'within ± 2'
