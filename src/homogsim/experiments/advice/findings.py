"""What comes out, in plain sentences; each with the figures behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from homogsim.experiments.advice.choices import NONE
from homogsim.experiments.advice.reckoning import FEWEST_WORLDS
from homogsim.experiments.advice.worlds import BY_ITSELF

if TYPE_CHECKING:
    from homogsim.experiments.advice.advice import Advice


ONLY_NONE = "The only choice asked about is none, so there is nothing to compare it with; name tools in the choices."


class Finding(NamedTuple):
    """A sentence, and what it rests on."""

    about: str
    sentence: str
    figures: dict[str, Any]

    @property
    def behind(self) -> str:
        """The figures in one line."""
        return "; ".join(f"{name} {_shown(value)}" for name, value in self.figures.items())

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"about": self.about, "sentence": self.sentence, "figures": self.figures}


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.3g}"
    return str(value)


def money(value: float) -> str:
    """Return dollars, rounded to three digits: ``$12,300``, ``−$450``."""
    if not math.isfinite(value) or value == 0.0:
        return "$0" if value == 0.0 else "an unknown amount"
    size = abs(value)
    digits = max(0, 2 - math.floor(math.log10(size)))
    rounded = round(size, 2 - math.floor(math.log10(size)))
    text = f"{rounded:,.0f}" if size >= 10.0 else f"{rounded:.{digits}f}"
    return f"{'−' if value < 0 else ''}${text}"


def percent(share: float) -> str:
    """Return a share as ``62 %``."""
    return "–" if math.isnan(share) else f"{100.0 * share:.0f} %"


def signed(share: float) -> str:
    """Return a share with its sign, ``+62 %``."""
    return f"{'−' if share < 0 else '+'}{percent(abs(share))}"


def clear(row: dict[str, Any]) -> bool:
    """Return whether the interval of a difference leaves out 0."""
    return bool(row["low"] > 0.0 or row["high"] < 0.0)


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    level = {} if math.isnan(row["none"]) else {"no tool": float(row["none"]), "with it": float(row["mean"])}
    spread = {"difference": float(row["difference"]), "low": float(row["low"]), "high": float(row["high"])}
    return level | spread | {"unit": row["unit"], "worlds": int(row["worlds"])}


def findings(advice: Advice) -> Iterator[Finding]:
    """Yield what comes out, the most important first."""
    yield _best(advice)
    tools = [choice.name for choice in advice.choices if choice.name != NONE]
    leader = advice.best if advice.best != NONE else _first_of(advice, tools)
    if leader:
        yield _sure(advice)
        yield from _survival(advice, leader)
        yield from _returns(advice, leader)
        yield from _difference(advice, leader)
        yield from _rivals(advice, leader)
    yield from _rules(advice)


def _first_of(advice: Advice, names: list[str]) -> str:
    ranked = advice.ranking[advice.ranking["choice"].isin(names)]
    ranked = ranked[ranked["compared_gain"].notna()]
    return "" if ranked.empty else str(ranked.loc[ranked["compared_gain"].idxmax(), "choice"])


def _best(advice: Advice) -> Finding:
    if advice.best == NONE:
        return _no_tool_is_best(advice)
    row = advice.compared_cell(advice.best, "profit")
    what = f"Best on average is the {advice.choice(advice.best).label}: it earns {money(row['difference'])} more than"
    ends = f"95 % interval {money(row['low'])} to {money(row['high'])}, {len(advice.shared)} worlds"
    if math.isnan(row["low"]):
        sure = ""
    elif clear(row):
        sure = f" ({ends})"
    else:
        sure = f" (but not clearly: {ends})"
    return Finding("best", f"{what} no tool over {advice.horizon} months{_where(advice)}{sure}.", _numbers(row))


def _no_tool_is_best(advice: Advice) -> Finding:
    second = _first_of(advice, [choice.name for choice in advice.choices if choice.name != NONE])
    if second:
        row = advice.compared_cell(second, "profit")
        what = f"Having no tool is best on average: the next best, {advice.choice(second).label}, earns"
        less = f"{money(-row['difference'])} less" if row["difference"] < 0.0 else "as much"
        how = "" if clear(row) or math.isnan(row["low"]) else ", though the difference is not clear"
        text = f"{what} {less} over {advice.horizon} months{_where(advice)}{how}."
        return Finding("best", text, _numbers(row))
    if advice.unranked:
        few = "Too few of these businesses can pay for any of the tools to say what they would gain on average"
        return Finding("best", f"{few}: for most, no tool is all that there is to choose.", {})
    if any(world.too_dear for world in advice.worlds):
        return Finding("best", "No tool that is on offer can be paid for, so there is nothing to choose.", {})
    return Finding("best", ONLY_NONE, {})


def _where(advice: Advice) -> str:
    """Say in which worlds the ranked choices are compared, unless it is in all of several."""
    lived, shared = len(advice.worlds), len(advice.shared)
    if lived == 1:
        return ", in the one world that was lived"
    return "" if shared == lived else f", in the {shared} of {lived} worlds in which all ranked choices can be paid"


def _sure(advice: Advice) -> Finding:
    ranked = advice.ranking[advice.ranking["compared_worlds"] > 0].set_index("choice")
    row = ranked.loc[advice.best]
    others = ranked.drop(index=advice.best)["compared_gain"]
    second = str(others.idxmax())
    worlds = len(advice.shared)
    figures: dict[str, Any] = {
        name: f"{percent(r.best_share)} of worlds, mean gain {money(r.compared_gain)}"
        for name, r in zip(ranked.index, ranked.itertuples(), strict=True)
    }
    who = "Having no tool" if advice.best == NONE else "It"
    told = f"{who} is the best choice in {percent(row['best_share'])} of {worlds} worlds"
    if math.isfinite(row["probability_best"]):
        sure = float(row["probability_best"])
        share = "over 99 %" if sure > 0.99 else percent(sure)  # of some thousand weightings: never certain
        told += f"; that it is the best on average has a probability of {share}"
        figures |= {"probability best on average": float(row["probability_best"])}
    else:
        more = f"takes more replications, {FEWEST_WORLDS} or more"
        told += f"; to say how probable it is that it is the best on average {more}"
    gap = float(row["compared_gain"] - others[second])
    runner = "no tool" if second == NONE else second
    return Finding("sure", f"{told}. The runner-up is {runner}, {money(gap)} behind.", figures | {"worlds": worlds})


def _survival(advice: Advice, name: str) -> Iterator[Finding]:
    row = advice.compared_cell(name, "survival")
    levels = f"{percent(row['mean'])} of worlds with {name}, {percent(row['none'])} without a tool"
    if row["difference"] == 0.0:
        text = f"Whether it is still in business after {advice.horizon} months does not depend on it: {levels}."
    elif clear(row):
        text = f"It is {'more' if row['difference'] > 0 else 'less'} likely to be in business then: {levels}."
    else:
        text = f"Survival does not differ clearly: {levels}."
    yield Finding("survival", text, _numbers(row))


def _returns(advice: Advice, name: str) -> Iterator[Finding]:
    one, three = advice.compared_cell(name, "roi12"), advice.compared_cell(name, "roi36")
    if not one["worlds"]:
        return
    back, when = advice.compared_cell(name, "paid_back"), advice.compared_cell(name, "payback_month")
    text = f"On what was spent on {name} (set-up, training, fees) it has returned {signed(one['mean'])} after 12 months"
    if three["worlds"]:
        text += f", {signed(three['mean'])} after 36"
    text += f". It pays for itself within the horizon in {percent(back['mean'])} of worlds"
    text += f", on average in month {when['mean']:.0f} after the decision." if when["worlds"] else "."
    figures = {"roi12": float(one["mean"]), "roi36": float(three["mean"]), "paid back": float(back["mean"]),
               "payback month": float(when["mean"]), "worlds": int(one["worlds"])}  # fmt: skip
    yield Finding("returns", text, figures)


def _difference(advice: Advice, name: str) -> Iterator[Finding]:
    words = {
        "differentiation_premium": ("what its customers would pay for it not to be generic", "$/purchase"),
        "net_promoter_score": ("its net promoter score", "points"),
        "nearest_rival": ("the distance to its nearest rival", "taste sd"),
    }
    said: list[str] = []
    figures: dict[str, Any] = {}
    for measure, (what, unit) in words.items():
        row = advice.compared_cell(name, measure)
        change = row["difference"]
        figures[measure.replace("_", " ")] = f"{change:+.3g} {unit} ({row['low']:.3g} to {row['high']:.3g})"
        if row["worlds"] and clear(row):
            said.append(f"{what} {'rises' if change > 0 else 'falls'} by {abs(change):.2g} {unit}")
    if said:
        text = f"What makes it different: with {name}, {'; '.join(said)}."
    else:
        text = f"With {name} nothing that sets it apart changes clearly: premium, promoter score, distance to rivals."
    yield Finding("difference", text, figures)


def _rivals(advice: Advice, name: str) -> Iterator[Finding]:
    tools, prices, count = (advice.compared_cell(name, m) for m in ("rivals_with_tool", "rivals_price", "rivals"))
    moved = [row for row in (tools, prices, count) if row["worlds"] and clear(row)]
    base = f"{percent(tools['none'])} of its rivals have a tool at the end if it has none"
    parts = {"rivals_with_tool": lambda r: f"{percent(r['mean'])} of them have one",
             "rivals_price": lambda r: f"their mean price is {money(r['mean'])} instead of {money(r['none'])}",
             "rivals": lambda r: f"there are {r['mean']:.1f} of them instead of {r['none']:.1f}"}  # fmt: skip
    if moved:
        told = ", ".join(parts[row["measure"]](row) for row in moved)
        text = f"Rivals answer: {base}; if it has {name}, {told}."
    else:
        text = f"Rivals do not clearly answer: {base}, {percent(tools['mean'])} if it has {name}."
    figures = {row["measure"].replace("_", " "): f"{row['none']:.3g} → {row['mean']:.3g} ({row['low']:+.2g} to "
               f"{row['high']:+.2g})" for row in (tools, prices, count)}  # fmt: skip
    yield Finding("rivals", text, figures)


def _rules(advice: Advice) -> Iterator[Finding]:
    words = {
        "crowd": "Doing what most adopters of its sector have done",
        "12-month rule": "Choosing what pays most within twelve months by its own reckoning",
        BY_ITSELF: "Deciding as the model's businesses do",
    }
    for row in advice.regret.to_dict("records"):
        regret, low, high = row["regret"], row["low"], row["high"]
        if math.isnan(regret):
            continue
        leads = f" (it leads to: {row['picks']})" if row["picks"] else ""
        if regret == 0.0 and not high > low:
            text = f"{words[row['rule']]}{leads} comes to the same."
        else:
            less = "costs" if regret > 0 else "gains"
            text = f"{words[row['rule']]}{leads} {less} {money(abs(regret))} against always choosing {advice.best}"
            text += "." if math.isnan(low) or low > 0 or high < 0 else f", not clearly ({money(low)} to {money(high)})."
        figures = {"regret": float(regret), "low": float(low), "high": float(high), "worlds": int(row["worlds"])}
        yield Finding(f"rule: {row['rule']}", text, figures)
