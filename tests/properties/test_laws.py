"""Properties of the laws: stocks stay in their bounds, and the order of firms does not matter."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from homogsim.laws import adoption, money, offering, pricing, stocks

N = 6


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """A million and one numbers between two: their ends and what lies between, but no quotient that overflows."""
    return st.integers(0, 10**6).map(lambda k: low + (high - low) * (k / 10**6))


def column(low: float = 0.0, high: float = 1.0) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, N, elements=numbers(low, high))


SHARES, MONEY, MONTHS = column(), column(0.0, 1e6), column(0.0, 240.0)
VECTORS = arrays(np.float64, (3, N), elements=numbers(-5.0, 5.0))
ORDER = st.permutations(range(N)).map(np.array)


def within(values: np.ndarray, low: float = 0.0, high: float = 1.0) -> bool:
    slack = 1e-12 * max(1.0, abs(high))
    return bool((values >= low - slack).all() and (values <= high + slack).all())


@given(SHARES, SHARES, SHARES, SHARES, MONEY, MONEY, column(0.0, 10.0), SHARES, SHARES, MONTHS)
def test_shares_stay_shares(b, a_b, a_f, h, capital, load, data, trust, fit, months):  # type: ignore[no-untyped-def]
    skill = stocks.learning(months, 6.0)
    assert within(skill)
    capacity = stocks.attention_capacity(5000.0, 0.3, b, a_b, skill)
    human = stocks.human_personalization(a_f, h, capital, capacity, load, 0.3, 0.25)
    algorithmic = stocks.algorithmic_reach(trust, fit, a_f, data, 0.5)
    assert within(human, 0.0, 0.55)
    assert within(algorithmic)
    assert within(stocks.personalization(human, algorithmic))
    assert (stocks.personalization(human, algorithmic) >= human - 1e-12).all()  # algorithms add to the human touch
    assert within(stocks.locality(1.0, fit, a_f, h))
    assert within(stocks.inimitability(capital))
    assert within(stocks.trust_level(a_f, h, trust, 0.6), 0.4)
    assert within(stocks.trained(b, 700.0, 1500.0))
    assert within(stocks.phased(b, months, 0.5, 12.0))
    assert (stocks.phased(b, months, 0.5, 12.0) >= b - 1e-12).all()
    assert within(adoption.believed_implementation(b, 0.6, 0.6))
    assert within(stocks.saving_share(b, fit * 0.1, a_b, skill, trust * 0.1, a_f, skill), 0.0, 0.2)


@given(SHARES, SHARES, numbers(0.0, 1.0))
def test_what_is_approached_is_not_overshot(stock, level, speed):  # type: ignore[no-untyped-def]
    moved = stocks.approach(stock, level, speed)
    assert (moved >= np.minimum(stock, level) - 1e-12).all()
    assert (moved <= np.maximum(stock, level) + 1e-12).all()


@given(MONEY, MONEY, MONEY, column(0.0, 2.0))
def test_money_that_flows_has_a_sign(cash, cost, contribution, draw):  # type: ignore[no-untyped-def]
    level = money.fixed_cost_level(draw, 2500.0, 0.72, contribution)
    moved = money.next_fixed_cost(cost, level, 0.03, 0.02)
    assert (moved >= np.minimum(cost, level) - 1e-6).all()
    assert (moved <= np.maximum(cost, level) + 1e-6).all()
    drawn = money.owner_draw(cash, cost, 0.1, 2.5)
    assert (drawn >= 0.0).all()
    assert (cash - drawn >= np.minimum(cash, 2.5 * cost) - 1e-6).all()  # owners never dig into the reserve


@given(VECTORS, VECTORS, column(-5.0, 5.0), SHARES, SHARES, numbers(0.0, 0.5), numbers(0.0, 0.5))
def test_offerings_stay_between_what_pulls_them(identity, start, template_x, a_f, fit, rate, rho):  # type: ignore[no-untyped-def]
    template = np.stack([template_x] * 3)
    pull = rate * offering.pull_intensity(a_f, np.ones(N), 0.1)
    target = offering.tool_target(fit, template, identity)
    none = np.zeros(N)
    moved = offering.next_offering(start, identity, target, pull, np.full(N, rho), none, start, np.zeros((3, N)))
    low, high = (extreme.reduce([start, identity, template]) for extreme in (np.minimum, np.maximum))
    assert (moved >= low - 1e-9).all()
    assert (moved <= high + 1e-9).all()
    share = offering.share_of_identity(rate, a_f, fit, rho)
    assert within(share)
    assert within(offering.mean_approach(rate, a_f, rho, 24.0))


@given(VECTORS, VECTORS, column(0.0, 10.0), numbers(0.0, 0.5))
def test_identities_step_no_further_than_a_tenth_of_the_way(identity, wanted, taste, step):  # type: ignore[no-untyped-def]
    moved = offering.next_identity(identity, taste, taste * wanted, step) - identity
    length = np.sqrt((moved**2).sum(axis=0))
    assert (length <= step + 1e-9).all()
    gap = np.sqrt(((wanted - identity) ** 2).sum(axis=0))
    assert (length <= 0.1 * gap + 1e-6).all()


@given(MONEY, MONEY, numbers(0.0, 1.0))
def test_expected_sales_lie_between_now_and_the_full_response(sales, response, focus):  # type: ignore[no-untyped-def]
    found = adoption.damped_sales(sales, response, focus)
    positive = (sales > 1e-3) & (response > 1e-3)
    low, high = np.minimum(sales, response)[positive], np.maximum(sales, response)[positive]
    assert (found[positive] >= low * (1 - 1e-9)).all()
    assert (found[positive] <= high * (1 + 1e-9)).all()
    assert np.isfinite(found).all()


@given(column(1.0, 50.0), column(0.0, 50.0), column(0.0, 1e5), column(0.0, 1e5))
def test_prices_never_become_nan(price, cost, sales, slope):  # type: ignore[no-untyped-def]
    moved = pricing.next_price(price, cost, sales, slope, 1.8, 0.3)
    assert np.isfinite(moved).all()
    assert (moved[(sales == 0.0) | (slope == 0.0)] == price[(sales == 0.0) | (slope == 0.0)]).all()


@given(VECTORS, VECTORS, SHARES, SHARES, MONEY, column(0.0, 10.0), ORDER)
def test_order_of_firms_is_irrelevant(x, concept, a_f, b, sales, taste, order):  # type: ignore[no-untyped-def]
    """Every law gives each firm the same, to the last bit, in whatever row it stands."""
    pull, none = 0.03 * a_f, np.zeros(N)
    anchor = offering.anchoring(0.05, sales / 8000.0)
    laws = {
        "offering": lambda r: offering.next_offering(
            x[:, r], concept[:, r], x[:, r], pull[r], anchor[r], none, x[:, r], x[:, r]
        ),
        "identity": lambda r: offering.next_identity(concept[:, r], taste[r], (taste * x)[:, r], 0.01),
        "approach": lambda r: offering.mean_approach(0.03, a_f[r], anchor[r], 24.0),
        "learning": lambda r: stocks.learning(taste[r], 6.0),
        "data": lambda r: stocks.next_data(taste[r], a_f[r], sales[r], 3333.0, 0.95),
        "price": lambda r: pricing.next_price(taste[r] + 1, b[r], sales[r], taste[r], 1.8, 0.3),
        "fixed cost": lambda r: money.next_fixed_cost(sales[r], taste[r], 0.03, 0.02),
        "sales": lambda r: adoption.damped_sales(sales[r] + 1, taste[r] + 1, 0.3),
    }
    everyone = np.arange(N)
    for name, law in laws.items():
        assert np.array_equal(law(order), law(everyone)[..., order]), name
