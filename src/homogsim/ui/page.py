"""The Solara page: one drawn widget, one worker, from the opening of a tab to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara
import solara.server.kernel_context as kernels

from homogsim.ui import shared
from homogsim.ui.widget import Drawn


@solara.component
def Page() -> None:
    """Show the page, and give it a worker that ends with the tab."""
    solara.Title("homogsim")  # type: ignore[no-untyped-call]  # it has no types
    drawn = Drawn.element()

    def work() -> Callable[[], None]:
        from homogsim.ui.session import Session  # loads the model; the server is ready before that

        widget = solara.get_widget(drawn)
        context = kernels.get_current_context()

        def send(message: dict[str, Any], buffers: list[bytes]) -> None:
            if context.closed_event.is_set():
                return
            try:
                with context:
                    widget.send(message, buffers)
            except Exception:
                if not context.closed_event.is_set():  # a tab that closes while it is told something is no accident
                    raise

        session = Session(send, shared.openings(), shared.classroom(), shared.first())
        widget.on_msg(lambda _widget, command, _buffers: session.post(command))
        session.start()
        return session.close

    solara.use_effect(work, [])


@solara.component
def Layout(children: list[Any]) -> Any:
    """Show the page alone: no app bar, no drawer."""
    return solara.Div(children=children, classes=["homogsim-page"])  # type: ignore[no-untyped-call]  # it has no types
