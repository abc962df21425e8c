"""The command `homogsim ui`: where it listens, what it says, what it needs."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner
from ui_steps import Server

from homogsim.cli import ui as command
from homogsim.cli.app import app
from homogsim.errors import HomogsimError
from homogsim.ui import server as module
from homogsim.ui.dressing import dressed


def test_a_taken_port_is_named_with_the_next_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(HomogsimError) as refused:
            module.serve("baseline", port=port, browser=False)
    assert refused.value.what == f"port {port} is in use"
    free = int(refused.value.help.split("--port ")[1].split(",")[0])
    assert port < free < port + 100


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("no.such.host.invalid", 0), ("300.1.1.1", 0)])
def test_a_place_that_cannot_be_listened_at(host, port):
    with pytest.raises(HomogsimError):
        module.serve("baseline", host, port, browser=False)


def test_a_scenario_that_is_none_is_refused_before_anything_starts():
    with pytest.raises(HomogsimError, match="there is no preset"):
        module.serve("baselin", browser=False)


def test_without_the_extra_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(command, "NEEDED", ("solara", "no_such_package"))
    with pytest.raises(HomogsimError) as refused:
        command.open_page("baseline", "127.0.0.1", 0, browser=False)
    assert refused.value.help == 'pip install "homogsim[ui]"'
    assert "no_such_package" in refused.value.what


def test_the_command_knows_its_options():
    shown = CliRunner().invoke(app, ["ui", "--help"]).output
    assert all(option in shown for option in ("--port", "--host", "--no-browser"))


def test_solaras_page_is_dressed_for_readers():
    plain = '<html><meta name="viewport" content="width=device-width, maximum-scale=1, user-scalable=no, minimal-ui">'
    found = dressed(plain + '<body><div id="app"></div></body></html>')
    assert found is not None
    assert '<html lang="en">' in found
    assert "user-scalable" not in found
    assert "homogsim is opening" in found
    assert dressed(None) is None


def test_off_loopback_a_token_is_asked_for(small_file: Path):
    server = Server(str(small_file), "--host", "0.0.0.0")
    try:
        address, token = server.address.split("?token=")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address)
        assert refused.value.code == 401
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        answer = opener.open(f"{address}?token={token}")
        assert answer.url == address
        assert b"homogsim is opening" in answer.read()
    finally:
        assert "the token" in server.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_an_interruption_is_no_accident(small_file: Path, host: str):
    server = Server(str(small_file), "--host", host)
    server.process.send_signal(signal.SIGINT)
    _, errors = server.process.communicate(timeout=60)
    assert server.process.returncode == 130
    assert "Traceback" not in errors
    assert "Exception" not in errors


def test_the_page_is_imported_only_when_it_is_asked_for():
    code = (
        "import sys; from homogsim.cli.app import app; print([m for m in ('solara', 'anywidget') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_pandas_is_whole_before_the_first_page_is_asked_for():
    code = (
        "import sys, uvicorn; from homogsim.ui import server; from homogsim.ui.openings import Openings\n"
        "Openings.warm = lambda *_: None\n"
        "uvicorn.Server.run = lambda *_, **__: print(hasattr(sys.modules.get('pandas'), 'DataFrame'))\n"
        "server.serve('baseline', port=0, browser=False)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert said.splitlines()[-1] == "True"
