"""Measurements. They print figures and assert nothing; ratios within one run are what counts."""
