"""The contract of every figure in the table: it draws for any market, says what is missing, and shows text as it is."""

from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from plots.markets import HOSTILE, MARKETS, drawn_once, market

from homogsim.errors import HomogsimError, StorageError
from homogsim.plots import FIGURES, figure, save_all, write_figure

NAMES = ("town_map", "offering_space", "diversity", "survival", "prices", "adoption", "surplus", "firms")
ADMISSIONS = ("No business", "no business", "nothing to estimate")


def texts(drawn: Figure) -> list[str]:
    return [t.get_text() for t in drawn.findobj(Text) if t.get_text().strip() and t.get_visible()]


def test_the_table_names_every_figure_and_its_meaning() -> None:
    assert tuple(FIGURES) == NAMES
    for name, draw in FIGURES.items():
        assert draw.name == name
        assert len(draw.meaning.splitlines()) == 1


@pytest.mark.parametrize("kind", MARKETS)
@pytest.mark.parametrize("name", NAMES)
def test_every_figure_draws_for_every_market(name: str, kind: str) -> None:
    results = market(kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = drawn_once(kind, name)
    assert isinstance(drawn, Figure)
    assert drawn.get_size_inches()[0] * drawn.dpi >= 1200
    shown = [t for t in drawn.findobj(Text) if t.get_text().strip()]
    assert min(t.get_fontsize() for t in shown) >= 9
    assert not any(t.get_parse_math() for t in shown)
    footer = next(t for t in texts(drawn) if t.startswith(f"scenario {results.scenario.name}"))
    assert f"seed {results.seed}" in footer
    assert str(results.provenance["version"]) in footer
    assert not any("nan" in t.split() or "inf" in t.split() for t in texts(drawn))


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("surplus", "firms")])
def test_an_empty_market_is_said_to_be_empty(name: str) -> None:
    drawn = texts(drawn_once("never open", name))
    assert any(t.startswith(words) or words in t for t in drawn for words in ADMISSIONS)
    ordinary = texts(drawn_once("ordinary", name))
    assert not any(words in t for t in ordinary for words in ADMISSIONS)


def test_one_business_alone_is_not_said_to_be_none() -> None:
    results = market("never open")
    alone = replace(results, timeline=results.timeline.assign(n_firms=1.0))
    drawn = texts(figure(alone, "diversity"))
    assert any("One business alone" in t for t in drawn)
    assert not any("No business" in t for t in drawn)


def test_sales_on_the_map_have_their_unit() -> None:
    assert any(t.endswith("purchases a month") for t in texts(drawn_once("ordinary", "town_map")))


@pytest.mark.parametrize("name", ["diversity", "adoption", "surplus", "firms"])
def test_the_end_of_an_extinct_market_is_marked(name: str) -> None:
    assert "no business left" in texts(drawn_once("extinct", name))
    assert "no business left" not in texts(drawn_once("ordinary", name))


def test_no_tools_are_not_announced_as_automation() -> None:
    for name in ("diversity", "prices", "offering_space", "town_map"):
        drawn = texts(drawn_once("no adopters", name))
        assert not any("automation" in t for t in drawn), name
    assert "automation arrives" in texts(drawn_once("ordinary", "diversity"))
    assert "no business adopted a tool" in texts(drawn_once("no adopters", "adoption"))


def test_an_interrupted_run_says_so() -> None:
    drawn = texts(drawn_once("interrupted before month 0", "town_map"))
    assert any("interrupted after month −6" in t for t in drawn)
    assert "no snapshot of this month" in drawn


@pytest.mark.parametrize("name", NAMES)
def test_text_of_a_scenario_is_shown_literally(name: str) -> None:
    drawn = drawn_once("hostile text", name)
    question = next(t for t in drawn.findobj(Text) if t.get_text().startswith(HOSTILE[:24]))
    assert not question.get_parse_math()
    assert question.get_window_extent().x0 > 0, "shortened until it fits"


def test_markup_is_escaped_in_svg(tmp_path: Path) -> None:
    path = write_figure(drawn_once("hostile text", "town_map"), tmp_path / "map.svg")
    content = "".join(ElementTree.fromstring(path.read_bytes()).itertext())
    assert HOSTILE in content


@pytest.mark.parametrize("name", NAMES)
def test_titles_and_footer_stay_inside_and_apart(name: str) -> None:
    drawn = drawn_once("ordinary", name)
    FigureCanvasAgg(drawn).draw()
    own = [t for t in drawn.texts if t.get_text()]
    boxes = [t.get_window_extent() for t in own]
    for text, box in zip(own, boxes, strict=True):
        assert box.x0 >= 0
        assert box.x1 <= drawn.bbox.x1 + 1, text.get_text()
        assert box.y0 >= 0
        assert box.y1 <= drawn.bbox.y1
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
    for axes in drawn.axes:
        area = axes.get_tightbbox()
        assert not any(area.overlaps(box) for box in boxes), axes.get_title(loc="left")


def test_unknown_figure_names_the_nearest() -> None:
    with pytest.raises(HomogsimError, match="no figure 'diversty'") as caught:
        drawn_once("ordinary", "diversty")
    assert "diversity" in caught.value.help
    assert caught.value.exit_code == 2


def test_results_plot_is_the_same_figure() -> None:
    results = market("ordinary")
    assert texts(results.plot("firms")) == texts(figure(results, "firms"))


def test_notebooks_show_figures_without_pyplot() -> None:
    image = drawn_once("two months", "firms")._repr_png_()
    assert image.startswith(b"\x89PNG")


# --- files ------------------------------------------------------------------------------------------------------------


def test_save_all_writes_every_figure(tmp_path: Path) -> None:
    paths = save_all(market("two months"), tmp_path / "run" / "figures")
    assert paths == [tmp_path / "run" / "figures" / f"{name}.png" for name in NAMES]
    assert sorted(p.name for p in (tmp_path / "run" / "figures").iterdir()) == sorted(p.name for p in paths)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_save_all_writes_every_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homogsim.plots.FIGURES", {"firms": FIGURES["firms"]})
    paths = save_all(market("two months"), tmp_path, ("png", "svg", "pdf"))
    assert [path.name for path in paths] == ["firms.png", "firms.svg", "firms.pdf"]
    assert [path.read_bytes()[1:4] for path in paths] == [b"PNG", b"?xm", b"PDF"]


def test_the_file_knows_where_it_comes_from(tmp_path: Path) -> None:
    from PIL import Image

    results = market("two months")
    drawn = figure(results, "firms")
    with Image.open(write_figure(drawn, tmp_path / "firms.png")) as image:
        assert f"seed {results.seed}" in image.info["Source"]
        assert image.width >= 1200


def test_the_same_run_gives_the_same_file(tmp_path: Path) -> None:
    results = market("two months")
    first, second = figure(results, "adoption"), figure(results, "adoption")
    for kind in ("png", "svg", "pdf"):
        paths = write_figure(first, tmp_path / f"a.{kind}"), write_figure(second, tmp_path / f"b.{kind}")
        assert paths[0].read_bytes() == paths[1].read_bytes(), kind


def test_unknown_format_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(HomogsimError, match="'jpgg'"):
        save_all(market("two months"), tmp_path / "figures", ("png", "jpgg"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "figures").write_text("a file, not a folder")
    with pytest.raises(StorageError, match="cannot write"):
        write_figure(drawn_once("two months", "firms"), tmp_path / "figures" / "firms.png")
    assert (tmp_path / "figures").read_text() == "a file, not a folder"


# --- matplotlib -------------------------------------------------------------------------------------------------------


def test_pyplot_is_never_imported_and_matplotlib_late(tmp_path: Path) -> None:
    here = Path(__file__).parent
    code = (
        "import sys; sys.path[:0] = [sys.argv[1], sys.argv[2]]\n"
        "from homogsim.plots import FIGURES, write_figure\n"
        "from pathlib import Path\n"
        "assert not any(m.partition('.')[0] == 'matplotlib' for m in sys.modules), 'matplotlib came with the import'\n"
        "from results_factory import make_results\n"
        "drawn = [draw(make_results(1, 2)) for draw in FIGURES.values()]\n"
        "write_figure(drawn[-1], Path(sys.argv[3]) / 'figure.png')\n"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot was imported'\n"
    )
    subprocess.run([sys.executable, "-c", code, here.parent, here, tmp_path], check=True, timeout=300)


def test_the_users_own_settings_are_neither_used_nor_changed() -> None:
    results = market("two months")
    mine = {"font.size": 31.0, "text.usetex": True, "axes.facecolor": "red", "text.parse_math": True}
    plain, odd = BytesIO(), BytesIO()
    write = {"format": "png", "dpi": 50}
    figure(results, "firms").savefig(plain, **write)
    with matplotlib.rc_context(mine):
        drawn = figure(results, "firms")
        assert {name: matplotlib.rcParams[name] for name in mine} == mine
    drawn.savefig(odd, **write)
    assert plain.getvalue() == odd.getvalue()
