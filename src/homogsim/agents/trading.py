"""A month of business: shocks, state laws, prices, consumers' choices, accounts, satisfaction (docs/model.md)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.agents import advocacy, chains, public
from homogsim.agents.firms import Business, appeal, business, operations, tiers
from homogsim.agents.market import Choosing, Market
from homogsim.laws import money, offering, pricing, stocks
from homogsim.laws.demand import ALPHA, FLAT, IDEAL, SATISFACTION, SHARE, TASTE, Twins, choose_month
from homogsim.laws.tastes import unmet_demand
from homogsim.laws.visits import remember_visits

Floats = NDArray[np.float64]


def feel_shocks(market: Market) -> None:
    """Move each firm's shock to fixed cost: e′ = 0.9·e + sd·N."""
    firms, finance = market.firms, market.parameters.finance
    luck = market.streams.normal("shock", firms.uid, market.month)
    firms.shock[:] = finance.shock_persistence * firms.shock + finance.shock_sd * luck


def live_by_the_laws(market: Market) -> None:
    """Apply the state laws: experience, offering, process, identity, trust, and what they come to."""
    firms, parameters = market.firms, market.parameters
    firms.back_office[firms.independent & (firms.tool > 0)] = parameters.tools.back_office_intensity
    firms.back_office_months += firms.back_office > 0.0
    firms.contact_months += firms.contact > 0.0
    firms.transparency[:] = public.transparency(parameters)
    level = stocks.trust_level(firms.contact, firms.human_share, firms.transparency, parameters.firms.trust_loss)
    firms.trust[:] = stocks.approach(firms.trust, level, parameters.firms.trust_speed)
    _move(market)
    chains.hold_course(market)
    come_to = business(operations(firms), parameters)
    firms.served_fit[:] = come_to.served_fit
    firms.personalization[:] = come_to.personalization
    saving = np.where(firms.is_chain, 0.0, come_to.saving)  # a chain's advantage holds all that its tools save
    firms.unit_cost[:] = stocks.unit_cost(firms.base_cost, saving, come_to.served_fit, parameters.tools.served_fit_cost)


def _move(market: Market) -> None:
    """Move offering, shadow offering, process and identity, all from the state at the month's start."""
    firms, law = market.firms, market.parameters.offering
    identity = firms.identity
    template = market.vendors.template[:, np.maximum(firms.vendor, 0)]
    target = offering.tool_target(tiers(market.parameters).fit[firms.tool], template, identity)
    pull = law.template_pull * offering.pull_intensity(firms.contact, firms.back_office, law.spillover)
    anchor = offering.anchoring(law.anchoring, firms.differentiation)
    best, imitation = _imitated(market)
    axes = np.arange(market.parameters.world.dimensions)[:, None]
    noise = law.noise * market.streams.normal("offering noise", firms.uid, market.month, axes)
    moved = offering.next_offering(firms.offering, identity, target, pull, anchor, imitation, best, noise)
    # The shadow lives under the same laws and luck, without the tool's pull.
    shadow = offering.next_offering(
        firms.shadow_offering, identity, identity, np.zeros_like(pull), anchor, imitation, best, noise
    )
    slip = law.noise * market.streams.normal("process noise", firms.uid, market.month, axes)
    work = law.template_pull * np.maximum(firms.contact, firms.back_office)
    firms.process[:] = offering.next_process(firms.process, identity, target, work, law.anchoring, slip)
    firms.identity[:] = offering.next_identity(identity, firms.taste_sum, firms.ideal_sum, law.repositioning)
    firms.offering[:] = moved
    firms.shadow_offering[:] = shadow


def _imitated(market: Market) -> tuple[Floats, Floats]:
    """Return the offering of each cell's most profitable firm and the pull ι(1 − VR_best) toward it."""
    firms, rate = market.firms, market.parameters.offering.imitation
    if rate == 0.0:
        return firms.offering, np.zeros(firms.rows)
    profit = np.where(firms.independent & (firms.expected_sales > 0.0), firms.profit, -np.inf)
    by_cell = profit.reshape(-1, market.parameters.world.sites)
    leader = by_cell.argmax(axis=1) + np.arange(len(by_cell)) * by_cell.shape[1]
    exists = np.isfinite(by_cell.max(axis=1))[market.site_cell]
    best = leader[market.site_cell]
    pull = np.where(exists, rate * (1.0 - stocks.inimitability(firms.differentiation[best])), 0.0)
    return firms.offering[:, best], pull


def set_prices(market: Market) -> None:
    """Move prices toward the best response to last month's demand."""
    firms, parameters = market.firms, market.parameters
    firms.price[:] = pricing.next_price(
        firms.price,
        firms.unit_cost,
        firms.expected_sales,
        firms.slope,
        market.choosing.noise,
        parameters.firms.price_adjustment,
        firms.price_stance,
    )
    chains.set_prices(market)


def choose(market: Market, followed: Twins | None = None) -> None:
    """Let consumers choose; keep the sums that prices and reviews will use, together, next month.

    What the twins that are `followed` would have sold is written to them.
    """
    firms, people, parameters = market.firms, market.consumers, market.parameters
    come_to = Business(firms.personalization, firms.served_fit, np.zeros(0))
    market.appeal = appeal(operations(firms), come_to, firms.price.copy(), firms.offering.copy(), parameters)
    wanted = market.wanted
    if wanted is not market.choosing.tastes or parameters.consumers is not market.choosing.consumers:
        market.choosing = Choosing(wanted, parameters.consumers)
    sums = choose_month(
        market.plan,
        market.choosing.tastes,
        market.streets,
        market.appeal,
        firms.is_open,
        market.luck(),
        1.0 if parameters.consumers.outside_option else 0.0,
        parameters.consumers.choice_noise,
        people.last,
        people.bought,
        people.inclusive,
        people.surplus,
        market.rooms,
        satisfied=advocacy.line_of_promoters(market),
        verdict=market.verdict,
        twins=followed,
    )
    remember_visits(people.bought, people.last, people.last_before)
    market.traded[:], market.last_traded = firms.is_open, market.month
    firms.expected_sales[:] = sums[SHARE]
    firms.slope[:] = sums[ALPHA]
    _remember_demand(market, sums)
    firms.sales[:] = sums[SHARE]
    if parameters.consumers.demand == "sampled":
        firms.sales[:] = market.streams.poisson("sales", firms.uid, market.month, mean=sums[SHARE])
    _remember_satisfaction(market, sums[SATISFACTION])


def _remember_demand(market: Market, sums: Floats) -> None:
    """Keep where demand at the margin would have each concept move: Bθ and Bθz, with the waves of kernel tastes."""
    firms, waves, d = market.firms, market.choosing.tastes.waves, len(market.firms.identity)
    taste, ideal, weights = sums[TASTE], sums[IDEAL : IDEAL + d], sums[IDEAL + d :]
    if len(weights):
        taste, ideal = unmet_demand(taste, ideal, sums[FLAT], weights, firms.identity, waves)
    firms.taste_sum[:], firms.ideal_sum[:] = taste, ideal


def _remember_satisfaction(market: Market, total: Floats) -> None:
    """Smooth satisfaction: the Pr-weighted mean of u = (V without distance, loyalty and awareness)/α, .2 a month."""
    firms = market.firms
    with np.errstate(invalid="ignore", divide="ignore"):
        now = np.where(firms.expected_sales > 0.0, total / firms.expected_sales, np.nan)
    smoothed = stocks.approach(firms.satisfaction, now, market.parameters.firms.satisfaction_speed)
    firms.satisfaction[:] = np.where(np.isnan(firms.satisfaction) | np.isnan(now), now, smoothed)


def keep_accounts(market: Market) -> None:
    """Book the month: profit, cash, and the stocks that follow sales."""
    firms, parameters = market.firms, market.parameters
    finance, open_ = parameters.finance, firms.is_open
    contribution = (firms.price - firms.unit_cost) * firms.sales
    firms.savings[:] = np.where(open_, np.maximum(firms.base_cost - firms.unit_cost, 0.0) * firms.sales, 0.0)
    reinvested = market.reinvestment() * firms.savings
    fee = np.where(firms.is_chain, 0.0, tiers(parameters).monthly_fee[firms.tool])
    rent = firms.fixed_cost * (1.0 + firms.shock)
    firms.fixed_cost_paid[:] = rent
    firms.profit[:] = np.where(open_, contribution - rent - fee - reinvested, 0.0)
    firms.total_profit += firms.profit
    paid = np.where(open_, _pay_setup(market), 0.0)
    brands = np.where(firms.is_chain, firms.profit, 0.0)  # a chain's outlets keep no cash
    firms.cash += firms.profit - paid - brands
    draw = np.where(open_, money.owner_draw(firms.cash, firms.fixed_cost, finance.owner_draw, finance.reserve), 0.0)
    firms.cash -= draw
    _book(
        market,
        revenue=firms.price * firms.sales,
        input_costs=firms.unit_cost * firms.sales,
        fixed_costs=rent,
        fees=fee,
        reinvestment=reinvested,
        setup_and_training=paid,
        owner_draws=draw,
        chain_profits=brands,
    )
    market.flows["public_money"] = public.pay(market)


def _pay_setup(market: Market) -> Floats:
    """Return what is paid this month for set-up and training: what is due now, and an instalment of the debt."""
    firms = market.firms
    instalment = np.minimum(firms.instalment, firms.debt)
    firms.debt -= instalment
    paid = firms.setup_due + instalment
    firms.setup_due[:] = 0.0
    return paid


def follow_sales(market: Market) -> None:
    """Let the stocks that follow business move, for next month: fixed cost, differentiation, data, attention's load."""
    firms, of, finance = market.firms, market.parameters.firms, market.parameters.finance
    market.traded_with[:] = firms.load, firms.differentiation
    contribution = (firms.price - firms.unit_cost) * firms.sales
    reinvested = market.reinvestment() * firms.savings
    level = money.fixed_cost_level(firms.fixed_cost_draw, finance.fixed_cost, finance.rent_share, contribution)
    firms.fixed_cost[:] = money.next_fixed_cost(
        firms.fixed_cost, level, finance.fixed_cost_rise, finance.fixed_cost_fall
    )
    firms.differentiation[:] = stocks.next_differentiation(
        firms.differentiation, reinvested, of.differentiation_memory, of.differentiation_scale
    )
    reference = market.parameters.world.occasions_per_site
    firms.data[:] = stocks.next_data(firms.data, firms.contact, firms.sales, reference, of.data_memory)
    firms.load[:] = of.attention_memory * firms.load + (1.0 - of.attention_memory) * firms.sales


def _book(market: Market, **amounts: Floats) -> None:
    market.flows = dict.fromkeys(market.flows, 0.0)
    for name, amount in amounts.items():
        market.flows[name] = float(amount[market.firms.is_open].sum())


def watch_satisfaction(market: Market) -> None:
    """Roll back: where satisfaction fell too far below its level before contact was automated, a_F halves, h rises."""
    firms, of = market.firms, market.parameters.firms
    fallen = firms.satisfaction < firms.satisfaction_before - of.oversight_threshold
    rolled = np.flatnonzero(firms.is_open & firms.oversight & (firms.contact > 0.0) & fallen)
    firms.contact[rolled] *= 0.5
    firms.human_share[rolled] = np.minimum(1.0, firms.human_share[rolled] + 0.1)
    for row in rolled:
        market.diary.tools.append((market.month, int(firms.uid[row]), int(firms.tool[row]), float(firms.contact[row])))
