"""Experiments: many runs, and what they say together. Light to import, as workers start with it."""
