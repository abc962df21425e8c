"""Towns, roads, the towns within reach, and the peer graph of storefronts (docs/model.md).

A *cell* is a town and sector; cells are numbered ``sector · towns + town``. Sites and consumers are sorted by cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from homogsim.parameters import Parameters, World
from homogsim.scenario.places import Places
from homogsim.streams import Streams

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Geography:
    """Where everything is and how long it takes to get there.

    Attributes
    ----------
    positions : (M, 2) array
        Towns on the unit square.
    roads : list of (town, town, minutes)
        The road graph.
    travel : (M, M) array
        Minutes between towns on the road graph.
    reach_towns, reach_minutes : (M, R) arrays
        For each town, the towns where its people shop (the own town first) and the minutes to them.
    visitors_start, visitors_towns, visitors_minutes : arrays
        The reverse list, flat: whose people shop in town m (the own town first). Reach is not symmetric.
    """

    positions: Floats
    roads: list[tuple[int, int, float]]
    travel: Floats
    reach_towns: Ints
    reach_minutes: Floats
    visitors_start: Ints
    visitors_towns: Ints
    visitors_minutes: Floats


def build(world: World, streams: Streams, places: Places | None = None) -> Geography:
    """Draw the towns and lay the roads, or take them as they are."""
    towns = np.arange(world.towns)
    positions = np.stack([streams.uniform("town positions", towns, index=axis) for axis in (0, 1)], axis=1)
    if places is not None:
        positions = np.array([(town.x, town.y) for town in places.towns])
    if places is not None and places.roads:
        graph = given_roads(places)
    else:
        graph = road_graph(positions, world.road_neighbours, world.square_minutes)
    travel = travel_times(graph)
    reach_towns, reach_minutes = nearest_towns(travel, world.reach)
    start, who, minutes = reverse_reach(reach_towns, reach_minutes)
    roads = [(a, b, float(m)) for a, b, m in graph.edges(data="minutes")]
    return Geography(positions, roads, travel, reach_towns, reach_minutes, start, who, minutes)


def given_roads(places: Places) -> nx.Graph:
    """Return the graph of the travel times that places bring along; of two for the same pair the shorter."""
    number = {town.name: n for n, town in enumerate(places.towns)}
    graph = nx.Graph()
    graph.add_nodes_from(range(len(number)))
    for road in places.roads:
        a, b = number[road.start], number[road.end]
        known = graph.edges[a, b]["minutes"] if graph.has_edge(a, b) else np.inf
        graph.add_edge(a, b, minutes=min(known, road.minutes))
    return graph


def road_graph(positions: Floats, neighbours: int, square_minutes: float) -> nx.Graph:
    """Return the k-nearest-neighbour graph of the towns, made connected by the shortest missing links."""
    graph = nx.Graph()
    graph.add_nodes_from(range(len(positions)))
    minutes = square_minutes * _distances(positions)
    for town in range(len(positions)):
        for other in np.argsort(minutes[town], kind="stable")[1 : neighbours + 1]:
            graph.add_edge(town, int(other), minutes=float(minutes[town, other]))
    while not nx.is_connected(graph):
        part = sorted(nx.node_connected_component(graph, 0))
        rest = sorted(set(graph) - set(part))
        gaps = minutes[np.ix_(part, rest)]
        a, b = divmod(int(np.argmin(gaps)), len(rest))
        graph.add_edge(part[a], rest[b], minutes=float(gaps[a, b]))
    return graph


def travel_times(graph: nx.Graph) -> Floats:
    """Return minutes on the shortest path between all pairs of towns."""
    travel = np.zeros((len(graph), len(graph)))
    for town, lengths in nx.all_pairs_dijkstra_path_length(graph, weight="minutes"):
        for other, minutes in lengths.items():
            travel[town, other] = minutes
    return travel


def nearest_towns(travel: Floats, reach: int) -> tuple[Ints, Floats]:
    """Return for each town itself and the `reach` nearest others, with the minutes to them."""
    order = np.argsort(travel - np.eye(len(travel)), axis=1, kind="stable")[:, : reach + 1]
    return order.astype(np.int64), np.take_along_axis(travel, order, axis=1)


def reverse_reach(reach_towns: Ints, reach_minutes: Floats) -> tuple[Ints, Ints, Floats]:
    """Return the flat reverse list: for each town, whose people shop there (own people first)."""
    visitors: list[list[tuple[int, float]]] = [[] for _ in reach_towns]
    for own_first in (True, False):
        for home, (towns, minutes) in enumerate(zip(reach_towns, reach_minutes, strict=True)):
            for town, minute in zip(towns, minutes, strict=True):
                if (town == home) == own_first:
                    visitors[town].append((home, float(minute)))
    start = np.cumsum([0] + [len(v) for v in visitors]).astype(np.int64)
    flat = [entry for v in visitors for entry in v]
    return start, np.array([h for h, _ in flat], dtype=np.int64), np.array([m for _, m in flat])


def places(stream: str, entities: NDArray[np.integer], radius: float, streams: Streams) -> Floats:
    """Return (2, n) minutes east and north of the town's centre, uniform in its disc.

    The angle is drawn as a point on the circle by rejection-free normals, so no library sine enters the state.
    """
    east, north = (streams.normal(stream, entities, index=axis) for axis in (0, 1))
    length = np.sqrt(east * east + north * north)
    distance = radius * np.sqrt(streams.uniform(stream, entities, index=2))
    return np.stack([east, north]) * (distance / length)


def peer_lists(parameters: Parameters, streams: Streams) -> NDArray[np.int32]:
    """Return (sites, width) peer sites, padded with −1: a Watts–Strogatz graph over the sites of each sector."""
    world, tools = parameters.world, parameters.tools
    per_sector = world.towns * world.sites
    rows: list[list[int]] = []
    for sector in range(world.sectors):
        rows += _sector_peers(per_sector, tools.peers, tools.peers_rewired, sector, streams)
    width = max((len(r) for r in rows), default=0) or 1
    table = np.full((len(rows), width), -1, dtype=np.int32)
    for site, peers in enumerate(rows):
        table[site, : len(peers)] = peers
    return table


def _sector_peers(sites: int, peers: int, rewired: float, sector: int, streams: Streams) -> list[list[int]]:
    if sites < 2:
        return [[] for _ in range(sites)]
    luck = int(streams.uniform("peers", np.array([sector]))[0] * 2**32)
    # The cells of a sector follow each other by town; shuffling would hide that neighbours know each other.
    graph = nx.watts_strogatz_graph(sites, min(peers, sites - 1), rewired, seed=luck)
    return [[sector * sites + peer for peer in sorted(graph[site])] for site in range(sites)]


def _distances(positions: Floats) -> Floats:
    gap = positions[:, None, :] - positions[None, :, :]
    return np.sqrt((gap * gap).sum(axis=2))
