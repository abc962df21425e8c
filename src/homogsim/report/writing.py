"""A report to one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

from homogsim.errors import HomogsimError, WrongPath
from homogsim.report.document import Document
from homogsim.results.folder import storage_errors

PAGE = Path(__file__).parent / "page"
KINDS = ("run.json", "comparison.json", "sweep.json")


def write_report(folder: str | Path, target: str | Path | None = None) -> Path:
    """Write the report of a run, a comparison or a sweep, whole or not at all, and return its path.

    Parameters
    ----------
    folder : path
        Folder of a run, a comparison or a sweep.
    target : path, optional
        The HTML file; an earlier one is replaced. ``report.html`` beside the folder's files by default, so that the
        folder can be given away with it.

    Raises
    ------
    HomogsimError
        The folder is none of the three.
    StorageError
        It is damaged, or the file cannot be written.
    """
    source = Path(folder)
    path = source / "report.html" if target is None else Path(target)
    if path.is_dir():
        raise HomogsimError("is a folder; name a file, for example report.html", str(path))
    text = report_html(source)
    partial = path.with_name(f".{path.name}-{secrets.token_hex(4)}.partial")
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_text(text, encoding="utf-8")
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return path


def report_html(folder: str | Path) -> str:
    """Return the report of a folder as HTML (see `write_report`)."""
    return render(document(Path(folder)))


def document(folder: Path) -> Document:
    """Return what the report of a folder holds.

    Raises
    ------
    HomogsimError
        The folder is none of a run, a comparison or a sweep.
    """
    if not folder.is_dir():
        raise WrongPath("there is no such folder", str(folder))
    if (folder / KINDS[0]).is_file():
        from homogsim.report.runs import run_document

        return run_document(folder)
    if (folder / KINDS[1]).is_file():
        from homogsim.report.comparisons import comparison_document

        return comparison_document(folder)
    if (folder / KINDS[2]).is_file():
        from homogsim.report.sweeps import sweep_document

        return sweep_document(folder)
    help = "Name the folder of `homogsim run`, of `homogsim compare --out DIR` or of `homogsim sweep run --out DIR`."
    raise HomogsimError(f"there is nothing to report on: none of {', '.join(KINDS)}", str(folder), help)


def render(found: Document) -> str:
    """Return a report as HTML: all text escaped, and a policy that lets nothing be fetched and no script run."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["bound"] = lambda text: text.replace(" %", "\N{NO-BREAK SPACE}%")  # no line begins with a sign
    style = (PAGE / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return environment.get_template("report.html").render(report=found, style=style, policy=policy)
