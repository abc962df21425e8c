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
    towns, shares = read_only(np.stack([group])), read_only(np.stack([p]))
    pairs = similarity.all_pairs(x, 2.0, shares, towns)
    market, own = read_only(pairs.market[0]), read_only(pairs.own[0, 0])
    partition.partition_at(partition.ordinariness_of(p, group, market, own, 3), 1)
    partition.three_orders(p, group, market, own, 3)
    sampling.sampled_partitions(Z, p, group, (1.0,), 100)
    sampling.sampled_mean_distance(distances, 100)
    survival.kaplan_meier(ages, events)
    cut = spells_module.Spells(read_only(np.zeros(20)), ages, events, group, read_only(np.arange(20)))
    spells_module.log_rank(cut, 3)
    spells_module.kaplan_meier_by_state(cut, 3)
    panel.repeat_share(read_only(rng.integers(-1, 5, (20, 20))))
    concentration.mean_cell_hhi(p, group, 3)
    differentiation.market_share_premium(p, group, 3)
    welfare.change_by_quartile(p, ages, uniforms[0])
