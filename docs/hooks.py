"""MkDocs: pages that studies write (validation, robustness, scale) are in the menu once they have been made."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

log = logging.getLogger("mkdocs")


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
