"""Firms: what they are (docs/model.md), what consumers see of them, and how their state moves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.laws import stocks
from homogsim.laws.demand import Appeal
from homogsim.parameters import TOOLS, Parameters, Tools
from homogsim.population import Population, column
from homogsim.scenario.places import EARLIEST

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

UID_SITE, UID_MONTH = 4096, -EARLIEST
"""uid = site · 4096 + birth month + 2048: never a running counter, which would shift the luck of all later firms."""

NEVER = -1_000_000
"""Month of what has not happened."""


class Firms(Population):
    """Storefronts, sorted by cell; a row is a site, the uid is the business in it."""

    # The business
    is_open: Flags = column(np.bool_, "whether a business is at the site", False)
    uid: Ints = column(np.int64, "identity of the business", -1)
    birth: Ints = column(np.int64, "month of opening")
    is_chain: Flags = column(np.bool_, "whether the business is an outlet of a chain", False)
    local: Floats = column(np.float64, "1 for a firm of the town, 0 for a chain", 1.0)
    identity: Floats = column(np.float64, "concept x*, taste sd", vector=True)
    offering: Floats = column(np.float64, "offering x, taste sd", vector=True)
    process: Floats = column(np.float64, "process y, taste sd", vector=True)
    quality: Floats = column(np.float64, "quality q before tools, dollars")
    base_cost: Floats = column(np.float64, "unit cost c_j without tools, dollars", 1.0)
    fixed_cost_draw: Floats = column(np.float64, "the firm's own fixed cost f_j relative to others", 1.0)
    alignment: Floats = column(np.float64, "how well the firm knows what sets it apart, 0 to 1")
    oversight: Flags = column(np.bool_, "whether the firm rolls back when satisfaction falls", False)
    review_interval: Ints = column(np.int64, "months between reviews of tools", 1)
    review_phase: Ints = column(np.int64, "month of the interval in which it reviews")
    # Money
    price: Floats = column(np.float64, "price p, dollars", 1.0)
    unit_cost: Floats = column(np.float64, "unit cost c, dollars", 1.0)
    fixed_cost: Floats = column(np.float64, "fixed cost F, dollars a month")
    cash: Floats = column(np.float64, "cash, dollars")
    fixed_cost_paid: Floats = column(np.float64, "F(1 + e) paid this month, dollars")
    shock: Floats = column(np.float64, "shock e to fixed cost, share")
    debt: Floats = column(np.float64, "set-up cost still to be paid, dollars")
    instalment: Floats = column(np.float64, "monthly payment of it, dollars")
    setup_due: Floats = column(np.float64, "set-up cost and training to be paid this month, dollars")
    support_due: Floats = column(np.float64, "what the public is to pay for set-up and training this month, dollars")
    # Tools
    heard: Flags = column(np.bool_, "whether the firm has heard of automation", False)
    tool: NDArray[np.int8] = column(np.int8, "tool tier k: 0 none, 1 generic, 2 industry, 3 custom")
    vendor: Ints = column(np.int64, "vendor, −1 none", -1)
    back_office: Floats = column(np.float64, "intensity in the back office a_B")
    contact: Floats = column(np.float64, "intensity in customer contact a_F")
    implementation: Floats = column(np.float64, "implementation quality b")
    first_implementation: Floats = column(np.float64, "implementation quality when the tool was introduced")
    back_office_months: Floats = column(np.float64, "months of automated back office")
    contact_months: Floats = column(np.float64, "months of automated contact")
    human_share: Floats = column(np.float64, "human share h kept in automated contact")
    changed: Ints = column(np.int64, "month of the last change of tools", NEVER)
    satisfaction_before: Floats = column(np.float64, "satisfaction before contact was automated, dollars", np.nan)
    born_with_tool: Flags = column(np.bool_, "whether the firm opened with a tool", False)
    # What an owner decides in place of the model's law (`homogsim.agents.owners`)
    own_reinvestment: Floats = column(np.float64, "own share of savings reinvested, NaN as the model's firms", np.nan)
    price_stance: Floats = column(np.float64, "markup aimed at, relative to the best response", 1.0)
    # Stocks
    data: Floats = column(np.float64, "data stock D")
    differentiation: Floats = column(np.float64, "differentiation capital G")
    trust: Floats = column(np.float64, "trust ϑ", 1.0)
    transparency: Floats = column(np.float64, "disclosure tr of automated contact")
    load: Floats = column(np.float64, "smoothed occasions Q̄ that attention is spread over")
    awareness: Floats = column(np.float64, "awareness A: how many know of the outlet, relative to others", 1.0)
    satisfaction: Floats = column(np.float64, "smoothed satisfaction of customers, dollars", np.nan)
    served_fit: Floats = column(np.float64, "served fit κ: how far each customer is served differently")
    personalization: Floats = column(np.float64, "personalization P")
    # Last month
    sales: Floats = column(np.float64, "occasions served Q this month")
    expected_sales: Floats = column(np.float64, "expected occasions S this month")
    slope: Floats = column(np.float64, "Bα = ΣW·Pr(1−Pr)α this month")
    taste_sum: Floats = column(np.float64, "Bθ this month; under kernel tastes with the curvature of the waves")
    ideal_sum: Floats = column(
        np.float64, "Bθz this month; under kernel tastes with the gradient of the waves", vector=True
    )
    profit: Floats = column(np.float64, "profit this month, dollars")
    savings: Floats = column(np.float64, "savings of the tool this month, dollars")
    # The firm's twin without the tool (return on investment)
    loss_months: Ints = column(np.int64, "months of losses in a row of a chain's outlet")
    shadow_offering: Floats = column(np.float64, "offering without the tool since adoption", vector=True)
    adopted: Ints = column(np.int64, "month of first adoption by choice (hugely negative: none)", NEVER)
    gain_12: Floats = column(np.float64, "Σ(π − π⁰) over the first 12 months, dollars")
    gain_36: Floats = column(np.float64, "Σ(π − π⁰) over the first 36 months, dollars")
    outlay_12: Floats = column(np.float64, "K + fees + training over the first 12 months, dollars")
    outlay_36: Floats = column(np.float64, "K + fees + training over the first 36 months, dollars")
    upfront_12: Floats = column(np.float64, "K and training over the first 12 months, dollars")
    upfront_36: Floats = column(np.float64, "K and training over the first 36 months, dollars")
    payback: Ints = column(np.int64, "months after which the tool had first paid for itself, 0 not within 36")
    distance_at_adoption: Floats = column(np.float64, "distance from the cell's mean offering at adoption", np.nan)
    # The life so far
    total_profit: Floats = column(np.float64, "profit since opening, dollars")
    first_offering: Floats = column(np.float64, "offering in the first month", vector=True)

    @property
    def independent(self) -> Flags:
        """Open small businesses: all but chains."""
        return np.asarray(self.is_open & ~self.is_chain)


def uid_of(sites: NDArray[np.integer], month: int | Ints) -> Ints:
    """Return the identity of businesses that open at `sites` in `month`."""
    return sites.astype(np.int64) * UID_SITE + month + UID_MONTH


class Tiers(NamedTuple):
    """Parameters of the tiers by code 0…3, ready to be indexed by a column of tools."""

    fit: Floats
    upfront_cost: Floats
    monthly_fee: Floats
    back_office_saving: Floats
    contact_saving: Floats
    quality_gain: Floats


def tiers(parameters: Parameters) -> Tiers:
    """Return the tiers' parameters by code; 'none' has no cost and no effect, and fits its firm perfectly."""
    # Kept by identity: hashing all parameters of the tools takes longer than making the table. Read and written once,
    # as other threads may ask for other markets' tables meanwhile.
    global _made
    tools, made = parameters.tools, _made
    if made is None or made[0] is not tools:
        rows = [getattr(tools, name) for name in TOOLS[1:]]
        none = {"fit": 1.0}
        table = ([none.get(field, 0.0)] + [getattr(row, field) for row in rows] for field in Tiers._fields)
        _made = made = (tools, Tiers(*(np.array(column) for column in table)))
    return made[1]


_made: tuple[Tools, Tiers] | None = None


class Operations(NamedTuple):
    """How a firm, or an option of a firm, runs its business: what the laws of stocks need, one entry each."""

    quality: Floats
    local: Floats
    tool: NDArray[np.integer]
    back_office: Floats
    contact: Floats
    implementation: Floats
    back_office_months: Floats
    contact_months: Floats
    human_share: Floats
    data: Floats
    differentiation: Floats
    trust: Floats
    transparency: Floats
    load: Floats
    awareness: Floats


def operations(firms: Firms, rows: NDArray[np.integer] | slice = slice(None)) -> Operations:
    """Return the present operations of the firms at `rows`."""
    return Operations(*(getattr(firms, name)[rows] for name in Operations._fields))


def without_tool(now: Operations) -> Operations:
    """Return the same operations without any tool (differentiation capital as it is)."""
    nothing = np.zeros_like(now.contact)
    return now._replace(
        tool=np.zeros_like(now.tool),
        back_office=nothing,
        contact=nothing,
        implementation=nothing,
        data=nothing,
        trust=np.ones_like(nothing),
    )


class Business(NamedTuple):
    """What operations come to: personalization P, served fit κ and the share of unit cost that the tool saves."""

    personalization: Floats
    served_fit: Floats
    saving: Floats


def business(now: Operations, parameters: Parameters) -> Business:
    """Return personalization, served fit and savings of operations."""
    firms, tools, table = parameters.firms, parameters.tools, tiers(parameters)
    skill = stocks.learning(now.back_office_months, tools.learning_months)
    capacity = stocks.attention_capacity(
        firms.attention_capacity * parameters.world.occasions_per_site,
        tools.attention_gain,
        now.implementation,
        now.back_office,
        skill,
    )
    human = stocks.human_personalization(
        now.contact,
        now.human_share,
        now.differentiation,
        capacity,
        now.load,
        firms.human_touch,
        firms.crafted_touch,
    )
    fit = table.fit[now.tool]
    algorithmic = stocks.algorithmic_reach(now.trust, fit, now.contact, now.data, firms.data_half)
    saving = stocks.saving_share(
        now.implementation,
        table.back_office_saving[now.tool],
        now.back_office,
        skill,
        table.contact_saving[now.tool],
        now.contact,
        stocks.learning(now.contact_months, tools.learning_months),
    )
    return Business(stocks.personalization(human, algorithmic), tools.served_fit * algorithmic, saving)


def appeal(now: Operations, come_to: Business, price: Floats, offering: Floats, parameters: Parameters) -> Appeal:
    """Return what consumers see of operations at a price and an offering (docs/model.md)."""
    consumers, firms, tools, table = parameters.consumers, parameters.firms, parameters.tools, tiers(parameters)
    fit = table.fit[now.tool]
    quality = stocks.expected_quality(
        now.quality, now.implementation, now.contact, now.back_office, tools.quality_floor, table.quality_gain[now.tool]
    )
    base = (
        consumers.purchase_value
        + quality
        - stocks.alienation(consumers.contact_aversion, now.contact, now.human_share, fit)
        - stocks.disclosure(consumers.disclosure_cost, now.transparency, now.contact, now.human_share)
    )
    return Appeal(
        base=base,
        personalization=come_to.personalization,
        locality=stocks.locality(firms.locality * now.local, fit, now.contact, now.human_share),
        misfit=(1.0 - come_to.served_fit) ** 2,
        travel=stocks.distance_cost(consumers.distance_cost, tools.reach_gain, now.contact),
        price=price,
        awareness=now.awareness.copy(),
        offering=offering,
    )


LIFE = (
    "uid", "is_chain", "birth", "quality", "base_cost", "alignment", "born_with_tool", "identity", "first_offering",
    "offering", "total_profit", "price", "sales", "tool", "adopted", "gain_12", "gain_36", "outlay_12", "outlay_36",
    "upfront_12", "upfront_36", "payback", "distance_at_adoption",
)  # fmt: skip
"""Columns that go into a business's life record when it closes, or at the end of the run."""


def life_records(firms: Firms, rows: NDArray[np.integer]) -> dict[str, NDArray[np.generic]]:
    """Return the life columns of the firms at `rows`, as they are now."""
    return {name: getattr(firms, name)[..., rows] for name in LIFE}
