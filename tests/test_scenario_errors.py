"""Bad scenario files and settings: each a message that says what, where and what helps; never a hang or a traceback."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from homogsim.errors import ScenarioError
from homogsim.scenario import Scenario, lint


def refusal(path: Path | str) -> str:
    """Return the message with which a scenario is refused."""
    with pytest.raises(ScenarioError) as caught:
        Scenario.read(path)
    message = str(caught.value)
    assert 1 <= len(message.splitlines()) <= 3
    assert message.replace("\n", "").isprintable()
    assert caught.value.exit_code == 2
    return message


# file's content, line named, words of the message
FILES = {
    "unknown-parameter": ("[world]\ntwons = 3\n", 2, "there is no parameter world.twons.*Did you mean world.towns"),
    "unknown-group": ("\n[wrld]\ntowns = 3\n", 2, "no entry wrld.*Did you mean world"),
    "unknown-subgroup": ("[tools.bespoke]\nfit = 1.0\n", 1, "no group of parameters tools.bespoke"),
    "wrong-group": ("[world]\nloyalty = 0.3\n", 2, "Did you mean consumers.loyalty"),
    "group-as-value": ("world = 3\n", 1, "world is a group of parameters.*world.towns"),
    "too-low": ("[world]\ntowns = 0\n", 2, "world.towns = 0 towns is out of bounds.*1 to 2000 towns.*default 8"),
    "too-high": ("[consumers]\n# how?\nprice_sensitivity = 50\n", 3, r"sensitivity = 50 1/\$ .*0.1 to 10 1/\$"),
    "in-a-subgroup": ("[tools.custom]\nupfront_cost = -1\n", 2, r"tools.custom.upfront_cost = -1 \$ is out of bounds"),
    "inline-table": ("world = {towns = 0}\n", 1, "world.towns = 0 towns is out of bounds"),
    "dotted-key": ("\n\nworld.towns = 0\n", 3, "world.towns = 0 towns is out of bounds"),
    "text-for-number": ('[world]\ntowns = "eight"\n', 2, "world.towns = 'eight': a whole number is needed"),
    "fraction-for-whole": ("[world]\ntowns = 2.5\n", 2, "a whole number is needed"),
    "truth-for-number": ("[world]\ntowns = true\n", 2, "world.towns = true: a whole number is needed"),
    "number-for-truth": ("[tools]\ncontact_forced = 1\n", 2, "true or false is needed"),
    "date-for-number": ("[world]\ntowns = 2023-01-01\n", 2, "a whole number is needed"),
    "table-for-number": ("[world.towns]\nx = 1\n", 1, "a whole number is needed"),
    "text-for-list": ('[tools]\navailable = "generic"\n', 2, "a list is needed"),
    "no-choice": ('[consumers]\ndemand = "guessed"\n', 2, "none of expected, sampled"),
    "no-tier": ('[tools]\navailable = ["generic", "magic"]\n', 2, r"'magic' \(item 2\) is none of generic, indus"),
    "tier-twice": ('[tools]\navailable = ["generic", "generic"]\n', 2, "tiers must differ"),
    "contact-levels": ("[tools]\ncontact_levels = [0.8, 0.3]\n", 2, "at most four increasing numbers"),
    "list-in-list": ("[tools]\ncontact_levels = [[0.8]]\n", 2, "not lists or tables"),
    "endless-list": ("[tools]\ncontact_levels = [" + "1," * 5000 + "]\n", 2, "5000 items is too long"),
    "shares": ("[world]\n\ntown_share = 0.9\n", 3, "town_share . world.niche_share must not exceed 1"),
    "occupied": ("[world]\noccupied = 30\n", 2, r"occupied \(30\) must not exceed world.sites \(16\)"),
    "infinite": ("[world]\noccasions = inf\n", 2, "world.occasions: inf is not a finite number"),
    "not-a-number": ("[world]\noccasions = nan\n", 2, "world.occasions: nan is not a finite number"),
    "1e400": ("[world]\noccasions = 1e400\n", 2, "not a finite number"),
    "infinite-in-list": ("[tools]\ncontact_levels = [0.1, inf]\n", 2, "not a finite number"),
    "5000-digits": ("[world]\n\ntowns = " + "9" * 5000 + "\n", 3, "thousands of digits"),
    "hexadecimal": ("[world]\ntowns = 0x" + "f" * 5000 + "\n", 2, "does not fit in 64 bits"),
    "malformed": ("[world]\ntowns = eight\n", 2, "not TOML.*Texts need quotation marks"),
    "open-text": ('[world]\n\nquestion = "why\n', 3, "not TOML"),
    "cut-off": ("[world]\ntowns =", 2, "not TOML.*end of the file"),
    "key-twice": ("[world]\ntowns = 1\ntowns = 2\n", 3, "not TOML.*only once"),
    "table-twice": ("[world]\ntowns = 1\n[world]\n", 3, "not TOML.*only once"),
    "many-dots": ("a." * 100_000 + "b = 1", 1, "more than 64 dots"),
    "bad-name": ('name = "../../etc/passwd"\n', 1, "cannot name a scenario"),
    "long-name": (f'name = "{"a" * 65}"\n', 1, "1 to 64 small letters"),
    "number-as-name": ("name = 3\n", 1, "cannot name a scenario"),
    "escape-in-question": ('question = "\\u001b[31mred"\n', 1, "printable"),
    "two-line-question": ('question = "a\\nb"\n', 1, "one line"),
    "bad-seed": ("seed = -1\n", 1, "a whole number from 0 to 4294967295"),
    "text-as-seed": ('seed = "one"\n', 1, "a whole number from 0"),
    "unknown-entry": ('qestion = "why"\n', 1, "no entry qestion.*Did you mean question"),
    "unknown-preset": ('extends = "basline"\n', 1, "'basline' is no preset.*Did you mean baseline"),
    "number-as-preset": ("extends = 3\n", 1, "extends = 3: a text is needed"),
    "absolute-path": ('extends = "/etc/scenario.toml"\n', 1, "leaves the scenario's folder"),
    "windows-path": ('extends = "C:/scenario.toml"\n', 1, "leaves the scenario's folder"),
    "climbing-path": ('extends = "sub/../../scenario.toml"\n', 1, "leaves the scenario's folder"),
    "missing-file": ('\nextends = "nowhere.toml"\n', 2, "'nowhere.toml': there is no such file"),
    "expect-no-table": ("expect = 3\n", 1, r"tables headed \[\[expect\]\]"),
    "expect-entry": ("[[expect]]\nmetrc = 'x'\n", 1, "no entry metrc.*Did you mean metric"),
    "expect-metric": ("[[expect]]\nmetric = 'D!'\n", 1, "names no metric"),
    "expect-versus": ("[[expect]]\nmetric = 'mean_price'\nversus = true\n", 1, "names no scenario"),
    "expect-sign": ("[[expect]]\nmetric = 'm'\nversus = 'twin'\nsign = 'up'\n", 1, "'lower', 'higher' or 'unchanged'"),
    "expect-month": ("[[expect]]\nmetric = 'm'\nversus = 1\nsign = 'lower'\nmonth = -3\n", 1, "month = -3"),
    "expect-within": ("[[expect]]\nmetric = 'm'\nversus = 'twin'\nsign = 'unchanged'\n", 1, "Give within"),
    "expect-no-within": ("[[expect]]\nmetric = 'm'\nversus = 1\nsign = 'lower'\nwithin = 1\n", 1, "Give at_least"),
    "expect-share-of-0": ("[[expect]]\nmetric = 'm'\nversus = 0\nsign = 'lower'\nat_least = 1\n", 1, "share of 0"),
    "expect-measured": ("[[expect]]\nmetric = 'm'\nversus = 0\nsign = 'lower'\nmeasured = 'x'\n", 1, "Say both"),
    "expect-size": ("[[expect]]\nmetric = 'm'\nversus = 'twin'\nsign = 'lower'\nat_least = nan\n", 1, "at_least = nan"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, case: str) -> None:
    content, line, words = FILES[case]
    path = tmp_path / f"{case}.toml"
    path.write_text(content, "utf-8")
    message = refusal(path)
    assert message.startswith(f"{path}, line {line}: ")
    assert re.search(words, message.replace("\n", " ")), message
    assert [str(problem) for problem in lint(path)] == [message]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("#" * 256_001, "larger than 256 kB"),
        ("x = " + "[" * 100_000, "nested too deeply"),
        ("x = " + "{a = " * 10_000, "nested too deeply"),
        ("[world]\ntowns = " + "[" * 400 + "]" * 400, "not lists or tables"),
        ("\n".join(f"[a{'.b' * 60}.c{n}]" for n in range(1900)), "no entry a"),
        ("[world]\n" + "\n".join(f"town{n} = 1" for n in range(15_000)), "20 more"),
        ("a" * 250_000 + " = 1", "no entry a"),
        ("question = '''" + "a\n" * 100_000 + "'''", "one line"),
    ],
    ids=["large", "nested lists", "nested tables", "nested value", "headers", "unknown keys", "long key", "long text"],
)
def test_a_hostile_file_is_refused_at_once(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "hostile.toml"
    path.write_text(content, "utf-8")
    start = time.process_time()
    assert words in refusal(path)
    assert time.process_time() - start < 20.0  # about .3 s; a hang would take hours


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"# why?\nquestion = 'caf\xe9'\n")
    assert f"{path}, line 2: the file is not UTF-8" in refusal(path)


def test_what_is_no_readable_file(tmp_path: Path) -> None:
    assert "this is a directory" in refusal(tmp_path)
    assert "no such file" in refusal(tmp_path / "nowhere.toml")
    assert "no such file" in refusal("nowhere.toml")
    assert "File name too long" in refusal("x" * 5000 + ".toml")
    assert "not a usable path" in refusal("mi\0ne.toml")
    assert "Not a directory" in refusal(_file(tmp_path) / "below.toml")
    os.mkfifo(tmp_path / "pipe.toml")
    assert "not a regular file" in refusal(tmp_path / "pipe.toml")
    assert "not a regular file" in refusal("/dev/zero")


def _file(folder: Path) -> Path:
    path = folder / "mine.toml"
    path.write_text("", "utf-8")
    return path


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _file(tmp_path)

    def denied(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)  # chmod does not stop root
    assert "the file cannot be read: Permission denied" in refusal(path)


@pytest.mark.parametrize("name", ["basline", "", "Baseline", "mi\0ne", "\x1b[31m", "x" * 5000])
def test_an_unknown_preset_brings_the_nearest_names(name: str) -> None:
    message = refusal(name)
    assert "baseline" in message
    assert lint(name)[0].what in message


def test_scenarios_that_extend_each_other_in_a_circle(tmp_path: Path) -> None:
    for name, extends in (("a", "b"), ("b", "c"), ("c", "b")):
        (tmp_path / f"{name}.toml").write_text(f'extends = "{extends}.toml"\n', "utf-8")
    assert "in a circle: b.toml → c.toml → b.toml" in refusal(tmp_path / "a.toml")
    (tmp_path / "self.toml").write_text('extends = "self.toml"\n', "utf-8")
    assert "in a circle: self.toml → self.toml" in refusal(tmp_path / "self.toml")


def test_a_long_chain_of_scenarios(tmp_path: Path) -> None:
    for n in range(30):
        (tmp_path / f"s{n}.toml").write_text(f'extends = "s{n + 1}.toml"\n', "utf-8")
    assert "more than 16 scenarios extend each other" in refusal(tmp_path / "s0.toml")


def test_a_problem_of_an_extended_file_is_told_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "town.toml").write_text("\n[world]\ntowns = 0\n", "utf-8")
    (tmp_path / "shop.toml").write_text('extends = "town.toml"\n', "utf-8")
    assert refusal(tmp_path / "shop.toml").startswith(f"{tmp_path / 'town.toml'}, line 3: ")


def test_lint_lists_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "many.toml"
    path.write_text('seed = -1\nfoo = 1\n[world]\ntowns = 0\nsites = "many"\n[firms]\nreinvestment = inf\n', "utf-8")
    found = [f"{problem.where.removeprefix(str(path))}{problem.what}" for problem in lint(path)]
    assert [text.split(" ")[2][0] for text in found] == ["1", "2", "7", "4", "5"]
    assert "(4 more; `homogsim lint FILE` lists all.)" in refusal(path)


def test_lint_asks_for_a_question_and_for_names_that_exist(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[[expect]]\nmetric = 'mean_prize'\nversus = 'before'\nsign = 'lower'\n", "utf-8")
    Scenario.read(path)
    texts = [str(problem) for problem in lint(path, metrics=("mean_price", "n_firms"))]
    assert len(texts) == 3
    assert "asks no question" in texts[0]
    assert "Did you mean before-automation" in texts[1]
    assert "Did you mean mean_price" in texts[2]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("consumers.price_sensitivty=1", "no parameter consumers.price_sensitivty\nDid you mean consumers.price_sens"),
        ("price_sensitivity=1", "Did you mean consumers.price_sensitivity"),
        ("world=1", "world is a group of parameters"),
        ("world.towns=0", "world.towns = 0 towns is out of bounds\nIt takes 1 to 2000 towns; default 8"),
        ("world.towns=many", "world.towns = 'many': a whole number is needed"),
        ("world.towns=", "world.towns = '': this is no value"),
        ("world.towns=8,000", "8000 or 8_000"),
        ("world.towns=1\nseed = 2", "this is no value"),
        ("world.towns=" + "9" * 5000, "this is no value"),
        ("world.towns=" + "[" * 3000, "this is no value"),
        ("world.occasions=1e400", "inf is not a finite number"),
        ("world.occasions=" + "9" * 3999 + ".", "inf is not a finite number"),
        ("world.occasions=nan", "nan is not a finite number"),
        ("consumers.outside_option=True", "true or false is needed"),
        ("seed=3", "the seed is not a parameter\nUse --seed N"),
        ("world.towns", "is no setting\nWrite KEY=VALUE"),
        ("=3", "is no setting"),
        ("\x1b[31m=3", r"there is no parameter \x1b[31m"),
    ],
)
def test_a_bad_setting_is_refused(setting: str, words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario().override_text(setting)
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


def test_a_scenario_cannot_be_made_with_a_bad_name_question_or_seed() -> None:
    wrong: dict[str, Any]
    for wrong in ({"name": "A"}, {"question": "\n"}, {"seed": 2**32}, {"seed": True}):
        with pytest.raises(ScenarioError):
            Scenario(**wrong)
