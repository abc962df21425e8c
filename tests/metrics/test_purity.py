"""Metrics leave what they are given as it was."""

from __future__ import annotations

import numpy as np

from homogsim.metrics import (
    concentration,
    differentiation,
    diversity,
    panel,
    partition,
    sampling,
    similarity,
    survival,
    welfare,
)
from homogsim.metrics import spells as spells_module


def read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def test_read_only_arrays_are_enough() -> None:
    rng = np.random.default_rng(0)
    x, p, group = read_only(rng.normal(size=(20, 4))), read_only(rng.random(20)), read_only(np.arange(20) % 3)
    uniforms, ages = read_only(rng.random((2, 20))), read_only(rng.integers(1, 40, 20).astype(float))
    Z, events = read_only(similarity.similarity_matrix(x, 2.0)), read_only(rng.random(20) < 0.5)
    distances = read_only(similarity.pairwise_distances(x))
    similarity.mean_pairwise_distance(x, p, distances=distances)
    similarity.functional_dispersion(x, p)
    diversity.leinster_cobbold(p, Z, 1)
    diversity.rarefied_diversity(x, 5, 2.0, 1, uniforms)
    partition.partition_by_group(p, group, Z, 1)
    partition.partition(read_only(rng.random((20, 3))), Z, 1)
    sampling.sampled_diversity(x, p, 2.0, 1, read_only(np.argsort(uniforms[0])[:10]))
    survival.kaplan_meier(ages, events)
    spells_module.log_rank(spells_module.spells_from_changes(ages, events, group, ages, group), 3)
    panel.repeat_share(read_only(rng.integers(-1, 5, (20, 20))))
    concentration.mean_cell_hhi(p, group, 3)
    differentiation.market_share_premium(p, group, 3)
    welfare.change_by_quartile(p, ages, uniforms[0])
