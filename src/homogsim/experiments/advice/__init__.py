"""Advice to one business: the same town and the same luck, another choice."""
