"""MkDocs: what studies write is in the menu once it has been made, and links into the repository lead to copies.

In the repository `../src/homogsim/laws/offering.py` is a link that works; in the built pages it would lead nowhere.
"""

from __future__ import annotations

import logging
import re
import shutil
from pathlib import Path
from typing import Any

log = logging.getLogger("mkdocs")
INTO_THE_REPOSITORY = re.compile(r'href="(?:\.\./)+((?:src|scenarios|notebooks|examples)/[^"#]+)"')
WIDE = ("reference/", "validation.md", "robustness.md")
"""Pages whose tables need the room of the contents beside them."""
linked: set[str] = set()


def on_config(config: Any) -> Any:
    """Leave out of the menu what no study has written yet."""
    config["nav"] = _present(config["nav"], Path(config["docs_dir"]))
    return config


def _present(entries: list[Any], docs: Path) -> list[Any]:
    kept = []
    for entry in entries:
        ((title, place),) = entry.items()
        if isinstance(place, list):
            kept.append({title: _present(place, docs)})
        elif (docs / place).is_file():
            kept.append(entry)
        else:
            log.info("not made yet, left out of the menu: %s", place)
    return kept


def on_page_markdown(markdown: str, page: Any, **_: Any) -> None:
    """Leave wide tables the whole width."""
    if page.file.src_uri.startswith(WIDE):
        page.meta["hide"] = ["toc"]


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Let links into the repository lead to copies, which browsers show as text."""
    linked.update(INTO_THE_REPOSITORY.findall(html))
    up = "../" * page.url.count("/")
    return INTO_THE_REPOSITORY.sub(rf'href="{up}code/\1.txt"', html)


def on_post_build(config: Any) -> None:
    """Copy what is linked."""
    root, site = Path(config["docs_dir"]).parent, Path(config["site_dir"])
    for name in sorted(linked):
        copy = site / "code" / f"{name}.txt"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, copy)
