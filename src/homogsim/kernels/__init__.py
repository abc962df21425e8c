"""Compiled kernels: each is compiled once for all processes, and on a new machine by two processes side by side."""
