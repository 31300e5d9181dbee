"""The demo's server answers whenever garbage is collected."""

from __future__ import annotations

import gc
import re
import socket
import subprocess
import sys
from typing import Any
from weakref import WeakValueDictionary

import pytest
from scim2_models.path import binding

from reconciler.demo import __main__ as demo
from reconciler.demo.held import hold_classes
from tests.support.servers import ROOT


class Thing:
    """What a weak reference can lose."""


def test_what_has_just_been_put_in_or_found_is_not_lost_before_it_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "_BOUND_CLASSES", WeakValueDictionary())
    hold_classes()
    kept: Any = binding._BOUND_CLASSES
    kept["a"] = Thing()
    gc.collect()
    assert "a" in kept and isinstance(kept["a"], Thing)
    kept["b"] = Thing()
    gc.collect()
    assert "a" not in kept and "b" not in kept  # it holds one at a time: "a" was the last that was asked for


def test_a_port_in_use_and_a_missing_server_are_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        monkeypatch.setattr(sys, "argv", ["reconciler.demo", "generic", "--port", port])
        with pytest.raises(SystemExit, match=f"port {port} cannot be listened on: .*in use"):
            demo.main()
    monkeypatch.setattr("reconciler.demo.find_spec", lambda name: None)
    with pytest.raises(
        SystemExit, match=r"scim2-server is not installed.*\n    \S*python\S* -m pip install 'scim-reconciler\[demo\]'"
    ):
        demo.main()


def test_a_server_says_where_it_listens() -> None:
    command = [sys.executable, "-m", "reconciler.demo", "generic", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        said = server.stdout.readline()
        server.terminate()
    assert re.match(r"Listening on http://127.0.0.1:[1-9]\d*/v2 as generic", said)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("genric", "Error: no profile 'genric' [UnknownName]\n    did you mean 'generic'?\n"),
        (
            "generic --port x",
            "Error: argument --port: invalid int value: 'x' [WrongUsage]\n    `python -m reconciler.demo --help`",
        ),
    ],
)
def test_what_is_typed_wrongly_ends_in_a_code(
    typed: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["reconciler.demo", *typed.split()])
    with pytest.raises(SystemExit) as ended:
        demo.main()
    assert ended.value.code == 64 and said in capsys.readouterr().err
