"""Imported before Mesa, pandas and Numba: where nothing is compiled yet, the second process starts meanwhile."""

from homogsim.kernels.second import start_if_empty

start_if_empty()
