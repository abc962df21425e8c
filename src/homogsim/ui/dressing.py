"""Solara's page as readers need it: its language named, zooming allowed, and words to read while it loads."""

from __future__ import annotations

SPLASH = (
    '<div id="homogsim-splash" role="status" style="position:fixed;inset:0;display:grid;place-items:center;'
    'font:16px system-ui,sans-serif;color:#5a616a;background:#fbfaf7;z-index:100003">homogsim is opening …</div>'
    "<style>@media (prefers-color-scheme: dark) {#homogsim-splash {background:#14171b !important;"
    "color:#a9aeb5 !important}}"
    " body {background:#fbfaf7} #loader-container {display:none}</style>"
)
"""Shown from the first paint until the page's own script takes it away."""

CHANGES = (
    ("<html>", '<html lang="en">'),
    (", maximum-scale=1, user-scalable=no, minimal-ui", ""),
    ('<div id="app"', SPLASH + '<div id="app"'),
)


def dressed(html: str | None) -> str | None:
    """Return Solara's page with the changes above; parts that are not found are left as they are."""
    if html is not None:
        for old, new in CHANGES:
            html = html.replace(old, new, 1)
    return html
