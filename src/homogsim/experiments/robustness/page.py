"""``docs/robustness.md`` and its figures, written from a study and never by hand."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable
from pathlib import Path

from homogsim.experiments.pairing import Band
from homogsim.experiments.robustness.design import BASELINE, HEADLINES, SURVIVAL, SWEPT, UNCERTAIN, Case, Headline
from homogsim.experiments.robustness.sensitivity import Effect
from homogsim.experiments.robustness.study import Robustness
from homogsim.parameters import declared
from homogsim.scenario.writing import write_whole

PAGE = "robustness.md"
FIGURES = {
    "ablations": "figures/robustness-ablations.png",
    "sweeps": "figures/robustness-sweeps.png",
    "effects": "figures/robustness-effects.png",
    "points": "figures/robustness-points.png",
}

INTRODUCTION = """\
# Robustness

This page is written by `homogsim robustness --docs` (`make robustness`); do not edit it.

Was the result put in? Every market below is compared with its own twin without tools under the same seeds, so that a
number is what *automation* changes there: in the diversity of offerings (γ, by sales), in the share of entrants that
live for five years (percentage points), and in consumer surplus. Brackets are 95 % intervals over the seeds.
"""

LITTLE = 0.05
"""Share of the variance from which a parameter is named in the text."""


def write_page(found: Robustness, folder: Path) -> list[Path]:
    """Write page and figures into a folder of documents, in place of the earlier ones; return the paths.

    Raises
    ------
    StorageError
        They cannot be written.
    """
    plots = importlib.import_module("homogsim.plots.robustness")
    write = importlib.import_module("homogsim.plots").write_figure
    drawn = {name: getattr(plots, name)(found) for name in _figures(found)}
    written = [write(figure, folder / FIGURES[name]) for name, figure in drawn.items()]
    write_whole(folder / PAGE, page(found), overwrite=True)
    return [folder / PAGE, *written]


def _figures(found: Robustness) -> list[str]:
    return list(FIGURES) if found.plan.points else ["ablations", "sweeps"]


def page(found: Robustness) -> str:
    """Return the page's text."""
    plan = found.plan
    seeds = f"{len(plan.seeds)} seeds from {plan.seeds[0]}"
    parts = [
        INTRODUCTION,
        f"Scenario `{plan.base.name}` (`{plan.base.fingerprint()[:12]}`), {seeds}.\n",
        *(f"Lost: {run}.\n" for run in found.lost),
        "## Without the penalties on automated contact, under other tastes, without luck in fixed cost\n",
        "Automated contact costs customers human touch (ψH), personal attention (in P) and what is local (L). If the "
        "result hung on one of them, it would vanish where that one is taken away.\n",
        _cases_table(found.ablations, found),
        f"![What automation changes without each penalty]({FIGURES['ablations']})\n",
        _survival(found),
        "## Other values of what was chosen\n",
        *(f"**{_title(name)}**\n\n{_cases_table([c for c in plan.cases if c.group == name], found)}" for name in SWEPT),
        _scales(found),
        f"![Sweeps]({FIGURES['sweeps']})\n",
    ]
    if plan.points:
        parts += _points(found)
    return "\n".join(parts)


def _title(name: str) -> str:
    about = declared()[name]
    return f"{about.symbol + ', ' if about.symbol else ''}`{name}`: {about.meaning}"


def _cases_table(chosen: Iterable[Case], found: Robustness) -> str:
    head = "| | " + " | ".join(h.label for h in HEADLINES) + " |\n" + "|---" * (1 + len(HEADLINES)) + "|\n"
    rows = (f"| {c.label} | " + " | ".join(cell(found.of_case(c, h), h) for h in HEADLINES) + " |\n" for c in chosen)
    return head + "".join(rows)


def cell(values: Band, headline: Headline) -> str:
    """Return a mean with its interval, in percent or percentage points; a dash where undefined."""
    mean, low, high = (float(end[0]) for end in values)
    unit = "%" if headline.relative else "pp"
    if not math.isfinite(mean):
        return "–"
    return f"{hundredths(mean)} {unit}" + (f" ({hundredths(low)} … {hundredths(high)})" if math.isfinite(low) else "")


def hundredths(value: float) -> str:
    """Return a share in hundredths with its sign, a true minus among them."""
    return f"{100.0 * value:+.1f}".replace("-", "−") if math.isfinite(value) else "–"


def _survival(found: Robustness) -> str:
    """Return a table of how many entrants live how long without tools, with and without luck in fixed cost."""
    chosen = [BASELINE, *(case for case in found.plan.cases if case.group == "fixed cost")]
    rows = []
    for case in chosen:
        _, without = case.pair(found.plan.base)
        levels = (found.level(without, metric) for metric in SURVIVAL)
        rows.append(f"| {case.label} | " + " | ".join(_share(level) for level in levels) + " |\n")
    years = " | ".join(f"{name.split('_')[1].removesuffix('y')} years" for name in SURVIVAL)
    head = f"| without tools | {years.replace('1 years', '1 year', 1)} |\n" + "|---" * (1 + len(SURVIVAL)) + "|\n"
    return (
        "How long entrants live is calibrated, and the random part of fixed cost is part of that. Without it the share "
        f"of entrants that is still open after so many years is:\n\n{head}{''.join(rows)}"
    )


def _share(values: Band) -> str:
    mean, low, high = (float(end[0]) for end in values)
    if not math.isfinite(mean):
        return "–"
    return f"{mean:.2f}" + (f" ({low:.2f} … {high:.2f})" if math.isfinite(low) else "")


def _scales(found: Robustness) -> str:
    told = ", ".join(f"{cell(values, HEADLINES[0])} at {label}" for label, values in found.scales.items())
    return f"**Similarity scale**: the baseline's change in diversity is {told}.\n"


def _points(found: Robustness) -> list[str]:
    plan = found.plan
    ranges = "".join(
        f"| `{u.name}` | {declared()[u.name].symbol} | {u.low:g} … {u.high:g} | {u.why} |\n" for u in UNCERTAIN
    )
    return [
        "## Across everything uncertain at once\n",
        f"{len(plan.points)} points of a Latin hypercube over the ten most uncertain parameters, "
        f"{len(plan.point_seeds)} seeds each. *Luck* is how much the mean of a point still varies with the seeds; it "
        "is taken out of the spread and the shares.\n",
        "| parameter | | range | why |\n|---|---|---|---|\n" + ranges,
        *(_headline(found, headline) for headline in HEADLINES),
        f"![Effects of each parameter]({FIGURES['effects']})\n",
        f"![All points]({FIGURES['points']})\n",
    ]


def _headline(found: Robustness, headline: Headline) -> str:
    told, sign = found.sensitivity(headline), found.signs(headline)
    unit = "%" if headline.relative else "pp"
    direction = "fall" if float(found.of_case(BASELINE, headline).mean[0]) < 0.0 else "rise"
    text = (
        f"**{headline.label.capitalize()}**: a {direction} at {sign.same} of {told.points} points (clearly at "
        f"{sign.clearly_same}), the opposite at {sign.opposite} (clearly at {sign.clearly_opposite}): "
        f"{verdict(sign.same, sign.clearly_opposite, told.points)}. Mean {hundredths(told.mean)} {unit}, spread across "
        f"points {_plain(told.spread)} {unit}, luck {_plain(told.luck)} {unit}; straight lines explain "
        f"{_percent(told.explained)} of it."
    )
    if sign.where:
        where = "; ".join(f"`{name}` (mean {_range(name, there)} against {_range(name, here)})"
                          for name, there, here in sign.where[:3])  # fmt: skip
        text += f" The opposite comes with other values of {where}."
    strong = sorted((e for e in told.effects if e.share >= LITTLE and e.clear), key=lambda e: -e.share)
    rows = "".join(_effect(e, headline) for e in strong)
    table = f"\n\n| parameter | from its low to its high end | share of the spread |\n|---|---|---|\n{rows}"
    return text + (table if strong else " No parameter's effect is clear.\n")


def verdict(same: int, clearly_opposite: int, count: int) -> str:
    """Return in a word whether a claim is robust."""
    if not count:
        return "undefined"
    if clearly_opposite == 0 and same >= 0.95 * count:
        return "**robust**"
    return "**it flips sign**" if clearly_opposite else "**not clear everywhere**"


def _effect(effect: Effect, headline: Headline) -> str:
    unit = "%" if headline.relative else "pp"
    change = f"{hundredths(effect.change)} {unit} (s.e. {_plain(effect.error)})"
    return f"| `{effect.parameter}` | {change} | {_percent(effect.share)} |\n"


def _plain(value: float) -> str:
    return f"{100.0 * value:.1f}" if math.isfinite(value) else "–"


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %" if math.isfinite(share) else "an unknown share"


def _range(name: str, position: float) -> str:
    one = next(u for u in UNCERTAIN if u.name == name)
    return f"{one.low + position * (one.high - one.low):.3g}"
