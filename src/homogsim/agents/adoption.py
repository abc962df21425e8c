"""How firms hear of automation, review their tools and change them (docs/model.md, choice of tools)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.agents import owners, shadow
from homogsim.agents.firms import Operations, Tiers, appeal, business, operations, tiers
from homogsim.agents.market import Decision, Market
from homogsim.agents.public import network_value, setup_costs
from homogsim.agents.vendors import expected_templates, retrained, vendor_of
from homogsim.laws import adoption as law
from homogsim.laws import offering, stocks
from homogsim.laws.response import own_share_response
from homogsim.parameters import TOOLS
from homogsim.parameters import Tools as ToolParameters

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Rows = NDArray[np.integer]

STAY = 63
"""Index of staying as one is among the keyed draws of a choice; the others have 8·tier + level."""


def retrain(market: Market) -> None:
    """Let vendors retrain their templates on what their clients offer."""
    firms, speed = market.firms, market.parameters.vendors.retraining
    clients = firms.independent & (firms.vendor >= 0)
    if speed > 0.0 and clients.any():
        vendors = market.vendors
        vendors.template[:] = retrained(vendors.template, firms.offering[:, clients], firms.vendor[clients], speed)


def hear(market: Market) -> None:
    """Let firms hear of automation, alone or from peers who have adopted."""
    if not market.automation:
        return
    firms, tools = market.firms, market.parameters.tools
    rows = np.flatnonzero(firms.independent & ~firms.heard)
    adopters = _share_of_peers(market, firms.tool > 0, rows)
    hazard = law.hazard_of_hearing(tools.heard_alone, tools.heard_from_peers, adopters)
    firms.heard[rows] = market.streams.uniform("heard", firms.uid[rows], market.month) < hazard


def _share_of_peers(market: Market, having: Flags, rows: Rows | slice = slice(None)) -> Floats:
    """Return for each firm at `rows` the share of its open peers that have something; 0 without open peers."""
    peers = market.peers[rows]
    present = (peers >= 0) & market.firms.independent[peers]
    count = present.sum(axis=1)
    return np.where(count > 0, (present & having[peers]).sum(axis=1) / np.maximum(count, 1), 0.0)


class Menu(NamedTuple):
    """Options of the firms under review, one row an option, firms one after the other, staying first."""

    firm: Ints  # row of the firm
    first: Ints  # where each firm's options begin, and the end
    slot: Ints  # index of the option among the keyed draws
    tool: Ints
    contact: Floats
    upfront: Floats  # K, dollars
    support: Floats  # what the public adds to it, dollars
    training: Floats  # dollars
    is_new: Flags  # another tool than now: months, b and data start anew
    adds_contact: Flags


def due_for_review(market: Market) -> Ints:
    """Return the firms that review this month: informed, in business, at their interval, not bound by a change."""
    firms, month = market.firms, market.month
    free = month - firms.changed >= market.parameters.tools.commitment
    due = (month + firms.review_phase) % firms.review_interval == 0
    return np.flatnonzero(firms.independent & firms.heard & (firms.expected_sales > 0.0) & free & due)


def review(market: Market) -> None:
    """Let the firms that are due choose among staying, tools, contact and dropping the tool."""
    if market.month < 0:
        return
    rows = owners.reviewing(market, due_for_review(market))
    if rows.size == 0:
        return
    weighed = weigh(market, rows)
    chosen = owners.decided(market, weighed)
    menu = weighed.menu
    changed = chosen[chosen != menu.first[:-1]]
    _note_decisions(market, menu, changed, weighed.values, weighed.profit)
    _carry_out(market, menu, changed, weighed.implementation)


class Weighed(NamedTuple):
    """What firms under review make of their options, and what each of them chooses by itself."""

    menu: Menu
    implementation: Floats
    profit: Floats  # π̂, dollars a month
    values: Floats  # dollars
    chosen: Ints  # one option a firm


def weigh(market: Market, rows: Ints) -> Weighed:
    """Return the options of the firms at `rows`, what they expect of them, and what they choose with their luck."""
    menu = menu_of(market, rows)
    implementation, believed = _implementations(market, menu)
    profit = _expected_profit(market, menu, believed)
    values = _values(market, menu, profit)
    noise = market.parameters.tools.choice_noise
    luck = market.streams.uniform("choice", market.firms.uid[menu.firm], market.month, menu.slot)
    score = values + noise * law.gumbel(luck)
    chosen = np.array([a + int(score[a:b].argmax()) for a, b in zip(menu.first[:-1], menu.first[1:], strict=True)])
    return Weighed(menu, implementation, profit, values, chosen)


def levels_on_offer(tools: ToolParameters) -> tuple[float, ...]:
    """Return the intensities of contact on the menu: none, pilot, full; only the fullest when contact is forced."""
    if tools.contact_forced:
        return tools.contact_levels[-1:] or (0.0,)
    return (0.0, *tools.contact_levels)


def menu_of(market: Market, rows: Ints) -> Menu:
    """Return the options open to the firms at `rows`, those out of reach of their cash left out."""
    firms, tools, cost = market.firms, market.parameters.tools, setup_costs(market.parameters)
    offers = [(8 * TOOLS.index(k) + n, TOOLS.index(k), level) for k in tools.available
              for n, level in enumerate(levels_on_offer(tools))]  # fmt: skip
    slot = np.array([STAY, 0, *(s for s, _, _ in offers)])
    tool = np.array([0, 0, *(k for _, k, _ in offers)]) + np.zeros((rows.size, 1), dtype=np.int64)
    contact = np.array([0.0, 0.0, *(level for _, _, level in offers)]) + np.zeros((rows.size, 1))
    now_tool, now_contact = firms.tool[rows, None].astype(np.int64), firms.contact[rows, None]
    tool[:, :1], contact[:, :1] = now_tool, now_contact
    is_new = (tool != now_tool) & (tool > 0)
    adds_contact = (contact > 0.0) & (is_new | (now_contact == 0.0))
    upfront, support = (
        is_new * share[tool] + adds_contact * tools.contact_cost * share[tool] for share in (cost.firm, cost.public)
    )
    training = is_new * tools.training
    differs = (tool != now_tool) | (contact != now_contact)
    affordable = tools.down_payment * upfront + training <= np.maximum(firms.cash[rows, None], 0.0)
    keep = differs & affordable
    keep[:, 0] = True
    which, option = np.nonzero(keep)
    return Menu(
        firm=rows[which],
        first=np.searchsorted(which, np.arange(rows.size + 1)),
        slot=slot[option],
        tool=tool[keep],
        contact=contact[keep],
        upfront=upfront[keep],
        support=support[keep],
        training=training[keep],
        is_new=is_new[keep],
        adds_contact=adds_contact[keep],
    )


def _implementations(market: Market, menu: Menu) -> tuple[Floats, Floats]:
    """Return each option's implementation quality, and what the firm believes it to be."""
    firms, tools = market.firms, market.parameters.tools
    fresh = np.repeat(draw_implementation(market, menu.firm[menu.first[:-1]]), np.diff(menu.first))
    now = firms.implementation[menu.firm]
    months = firms.back_office_months[menu.firm]
    # From the quality at introduction: going back and forth with contact does not add the gain twice.
    later = stocks.phased(firms.first_implementation[menu.firm], months, tools.phased_gain, tools.phased_months)
    kept = np.where(menu.adds_contact, later, now)
    implementation = np.where(menu.tool == 0, 0.0, np.where(menu.is_new, fresh, kept))
    guess = law.believed_implementation(implementation, tools.belief_weight, tools.optimism)
    knows = (menu.tool == 0) | (~menu.is_new & (months >= tools.belief_months))
    return implementation, np.where(knows, implementation, guess)


def draw_implementation(market: Market, rows: Rows) -> Floats:
    """Draw implementation quality b ~ Kumaraswamy(1.38·(1 + alignment)/1.5, 3.16), better with training and help."""
    firms, tools, policy = market.firms, market.parameters.tools, market.parameters.policy
    a = tools.implementation_a * (1.0 + firms.alignment[rows]) / 1.5
    draw = market.streams.kumaraswamy("implementation", firms.uid[rows], market.month, a, tools.implementation_b)
    trained = stocks.trained(np.asarray(draw), tools.training + policy.training_grant, tools.training_scale)
    return stocks.helped(trained, policy.partnership_gain)


def _expected_profit(market: Market, menu: Menu, believed: Floats) -> Floats:
    """Return π̂ of each option: margin at the present price on the damped own-share response, less the fee.

    By the envelope theorem the price, which is close to its best response, may be held at its present value. Fixed
    cost is the same for all options and left out.
    """
    firms, parameters = market.firms, market.parameters
    rows = menu.firm
    planned = _planned(market, menu, believed)
    come_to = business(planned, parameters)
    price = firms.price[rows]
    seen = appeal(planned, come_to, price, _mean_offering(market, menu), market.looking_back)
    assert market.appeal is not None  # only firms that have sold something review
    asked = rows[menu.first[:-1]]
    response = own_share_response(
        asked, menu.first, market.appeal, seen, market.choosing.tastes, market.streets, market.choices, market.threads
    )
    sales = law.damped_sales(firms.expected_sales[rows], response, parameters.firms.customer_focus)
    base_cost = firms.base_cost[rows]
    cost = stocks.unit_cost(base_cost, come_to.saving, come_to.served_fit, parameters.tools.served_fit_cost)
    reinvested = market.reinvestment(rows) * np.maximum(base_cost - cost, 0.0) * sales
    return np.asarray((price - cost) * sales - tiers(parameters).monthly_fee[menu.tool] - reinvested)


def _planned(market: Market, menu: Menu, believed: Floats) -> Operations:
    """Return operations as the firm pictures them: all learned, trust settled, some data gathered."""
    firms, parameters = market.firms, market.parameters
    rows = menu.firm
    now = operations(firms, rows)
    reference = parameters.world.occasions_per_site
    kept = np.where(menu.is_new | (menu.tool == 0), 0.0, now.data)
    ever = np.full(rows.size, np.inf)
    return now._replace(
        tool=menu.tool,
        back_office=np.where(menu.tool > 0, parameters.tools.back_office_intensity, 0.0),
        contact=menu.contact,
        implementation=believed,
        back_office_months=ever,
        contact_months=ever,
        data=np.maximum(kept, 0.5 * menu.contact * firms.expected_sales[rows] / reference),
        trust=stocks.trust_level(menu.contact, now.human_share, now.transparency, parameters.firms.trust_loss),
    )


def _mean_offering(market: Market, menu: Menu) -> Floats:
    """Return x̂ = x + w(x∞ − x), the mean offering of the coming months under each option."""
    firms, parameters = market.firms, market.parameters
    moves, rows = parameters.offering, menu.firm
    identity, now = firms.identity[:, rows], firms.offering[:, rows]
    expected = expected_templates(market.vendors, parameters.world.sectors)
    own = market.vendors.template[:, np.maximum(firms.vendor[rows], 0)]
    template = np.where(menu.is_new, expected[:, menu.tool, market.site_sector[rows]], own)
    used = np.where(menu.tool > 0, parameters.tools.back_office_intensity, 0.0)
    intensity = offering.pull_intensity(menu.contact, used, moves.spillover)
    anchor = offering.anchoring(moves.anchoring, firms.differentiation[rows])
    share = offering.share_of_identity(moves.template_pull, intensity, tiers(parameters).fit[menu.tool], anchor)
    goal = share * identity + (1.0 - share) * template
    w = offering.mean_approach(moves.template_pull, intensity, anchor, parameters.tools.horizon)
    return now + w * (goal - now)


def _values(market: Market, menu: Menu, profit: Floats) -> Floats:
    """Return each option's value relative to staying, with the peers' and the network's influence."""
    tools = market.parameters.tools
    firms = market.firms
    now = np.repeat(profit[menu.first[:-1]], np.diff(menu.first))
    peers = market.peers[menu.firm]
    present = (peers >= 0) & firms.independent[peers]
    alike = (firms.tool[peers] == menu.tool[:, None]) & ((firms.contact[peers] > 0.0) == (menu.contact > 0.0)[:, None])
    share = (present & alike).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    independent = firms.independent
    clients = np.bincount(firms.tool[independent], minlength=len(TOOLS)) / max(1, int(independent.sum()))
    network = np.where(menu.tool > 0, network_value(market.parameters) * clients[menu.tool], 0.0)
    return law.option_value(
        profit, now, tools.horizon, tools.discount, menu.upfront + menu.training, tools.peer_influence * share, network
    )


def _note_decisions(market: Market, menu: Menu, changed: Ints, values: Floats, profit: Floats) -> None:
    for option in changed:
        stay = menu.first[np.searchsorted(menu.first, option, side="right") - 1]
        market.diary.decisions.append(
            Decision(
                month=market.month,
                uid=int(market.firms.uid[menu.firm[option]]),
                tool=int(menu.tool[option]),
                contact=float(menu.contact[option]),
                value=float(values[option]),
                value_of_staying=float(values[stay]),
                expected_profit=float(profit[option]),
                profit_of_staying=float(profit[stay]),
                upfront=float(menu.upfront[option]),
                reason=_reason(menu, int(option)),
            )
        )


def _reason(menu: Menu, option: int) -> str:
    if menu.is_new[option]:
        return "adopt"
    if menu.tool[option] == 0:
        return "drop"
    return "add contact" if menu.adds_contact[option] else "change contact"


def _carry_out(market: Market, menu: Menu, changed: Ints, implementation: Floats) -> None:
    """Change tools and contact as decided, and book the set-up cost."""
    if changed.size == 0:
        return
    firms = market.firms
    rows, new, adds = menu.firm[changed], menu.is_new[changed], menu.adds_contact[changed]
    _pay(market, rows, menu.upfront[changed], menu.training[changed], new)
    market.firms.support_due[rows] += menu.support[changed]
    if new.any():
        starts, tool = rows[new], menu.tool[changed][new]
        vendor = choose_vendor(market, starts, tool)
        start_tool(market, starts, tool, menu.contact[changed][new], vendor, implementation[changed][new])
    if not new.all():
        same = ~new
        firms.implementation[rows[same]] = implementation[changed][same]
        _set_contact(market, rows[same], menu.contact[changed][same], adds[same])
        _drop_tool(market, rows[menu.tool[changed] == 0])
        _note_tools(market, rows[same])
    firms.changed[rows] = market.month


def _pay(market: Market, rows: Ints, upfront: Floats, training: Floats, new: Flags) -> None:
    """Book set-up cost and training, and start or continue the account of the return on investment."""
    firms, tools, month = market.firms, market.parameters.tools, market.month
    firms.setup_due[rows] += tools.down_payment * upfront + training
    firms.debt[rows] += (1.0 - tools.down_payment) * upfront
    firms.instalment[rows] = firms.debt[rows] / tools.instalments
    first = rows[new & (firms.adopted[rows] < 0) & ~firms.born_with_tool[rows]]
    firms.adopted[first] = month
    firms.shadow_offering[:, first] = firms.offering[:, first]
    firms.distance_at_adoption[first] = shadow.distance_from_neighbours(market, first)
    for months, outlay, upfronts in (
        (12, firms.outlay_12, firms.upfront_12),
        (36, firms.outlay_36, firms.upfront_36),
    ):
        counts = (firms.adopted[rows] >= 0) & (month - firms.adopted[rows] < months)
        outlay[rows] += counts * (upfront + training)
        upfronts[rows] += counts * (upfront + training)


def start_tool(
    market: Market, rows: Rows, tool: Ints, contact: Floats, vendor: Ints, implementation: Floats | None = None
) -> None:
    """Give firms a new tool: months, data and implementation, where it is not drawn yet, start anew.

    The public may pay for training.
    """
    firms, tools = market.firms, market.parameters.tools
    firms.support_due[rows] += market.parameters.policy.training_grant
    firms.tool[rows], firms.vendor[rows] = tool, vendor
    firms.back_office[rows] = tools.back_office_intensity
    firms.implementation[rows] = draw_implementation(market, rows) if implementation is None else implementation
    firms.first_implementation[rows] = firms.implementation[rows]
    firms.back_office_months[rows], firms.data[rows] = 0.0, 0.0
    firms.contact_months[rows] = 0.0
    _set_contact(market, rows, contact, (contact > 0.0) & (firms.contact[rows] == 0.0))
    _note_tools(market, rows)


def _note_tools(market: Market, rows: Rows) -> None:
    """Note the tools and the contact that firms have from now on."""
    firms = market.firms
    now = zip(firms.uid[rows].tolist(), firms.tool[rows].tolist(), firms.contact[rows].tolist(), strict=True)
    market.diary.tools.extend((market.month, uid, tool, contact) for uid, tool, contact in now)


def _set_contact(market: Market, rows: Rows, contact: Floats, adds: Flags) -> None:
    """Set the intensity of automated contact; where it is new, remember how satisfied customers were before."""
    firms = market.firms
    new, none = rows[adds], rows[contact == 0.0]
    firms.satisfaction_before[new] = firms.satisfaction[new]
    firms.human_share[new] = market.parameters.firms.human_share
    firms.contact_months[new] = 0.0
    firms.contact[rows] = contact
    firms.contact_months[none] = 0.0
    firms.satisfaction_before[none] = np.nan


def _drop_tool(market: Market, rows: Rows) -> None:
    firms = market.firms
    firms.vendor[rows] = -1
    firms.tool[rows] = 0
    for stock in (firms.back_office, firms.implementation, firms.back_office_months, firms.data):
        stock[rows] = 0.0


def choose_vendor(market: Market, rows: Rows, tool: Ints) -> Ints:
    """Choose a vendor within the tier: logit on ν·n_v, n_v the vendor's share of the tier's clients."""
    each, sectors = market.parameters.vendors.per_tier, market.parameters.world.sectors
    numbers = np.arange(each)
    sector = market.site_sector[rows]
    options = vendor_of(tool[:, None], sector[:, None], numbers[None, :], sectors, each)
    served = market.firms.is_open & (market.firms.vendor >= 0)
    clients = np.bincount(market.firms.vendor[served], minlength=market.vendors.rows)
    values = law.vendor_values(clients[options].astype(np.float64), network_value(market.parameters))
    uid = market.firms.uid[rows]
    luck = market.streams.uniform("vendor", uid[:, None], market.month, numbers[None, :])
    best = (values + market.parameters.vendors.choice_noise * law.gumbel(np.asarray(luck))).argmax(axis=1)
    return np.asarray(options[np.arange(rows.size), best])


__all__ = [
    "Tiers", "choose_vendor", "draw_implementation", "due_for_review", "hear", "menu_of", "review", "start_tool",
    "weigh",
]  # fmt: skip
