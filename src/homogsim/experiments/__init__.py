"""Experiments: many runs, and what they say together. Nothing heavy is imported here: worker processes start with it."""
