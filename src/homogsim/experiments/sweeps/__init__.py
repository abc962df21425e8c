"""Sweeps: many runs over a design, on one machine or a cluster, each on the disk before it counts as done."""
