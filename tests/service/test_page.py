"""The unit and the compose file of the page are what systemd and compose read, and start a command that there is."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import click
import yaml

from reconciler.cli.main import cli
from reconciler.cli.run import run
from reconciler.service.clocks import seconds

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "reconciler/docs/service.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


def starts(words: list[str]) -> None:
    """Raises where these are no options of `run`."""
    assert words[0] == "run"
    run.make_context("run", words[1:], parent=click.Context(cli, **cli.context_settings))


def default(name: str) -> int:
    (option,) = [option for option in run.params if option.name == name]
    return seconds(str(option.default))


def test_the_unit_is_one_that_says_when_it_is_ready_and_stops_later_than_the_grace() -> None:
    unit = ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(block("ini"))
    assert set(unit) - {"DEFAULT"} == {"Unit", "Service", "Install"}
    service = unit["Service"]
    starts(service["ExecStart"].split()[1:])
    assert (service["Type"], service["WatchdogSec"]) == ("notify", "5min")
    assert seconds(service["TimeoutStopSec"]) > default("grace")
    assert service["KillMode"] == "mixed", "a cycle's own process hears of the end from the service, once"


def test_the_compose_file_builds_our_image_and_stops_later_than_the_grace() -> None:
    service = yaml.safe_load(block("yaml"))["services"]["reconcile"]
    starts(service["command"])
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert seconds(service["stop_grace_period"]) > default("grace")
