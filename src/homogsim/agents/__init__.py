"""Consumers, firms and vendors: their columns, what one does and what all do."""
