"""The page for beginners, typed as it stands: every block of it ends well, and the plans are what the page says that they are."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.cli.main import run
from tests.support.gitworld import ENV
from tests.support.servers import ROOT, TOKEN, scim_server

PAGE = ROOT / "reconciler/docs/tutorial.md"


def test_each_block_does_what_the_page_says(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    with scim_server() as url:
        marked = "".join(f"echo '=== {number}'\n{block}" for number, block in enumerate(blocks))
        script = marked.replace("http://127.0.0.1:8101/v2", f"{url}/{tmp_path.name}/v2").replace("TOKEN=secret", f"TOKEN={TOKEN}")
        environ = {**ENV, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        ran = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = re.split(r"^=== \d+\n", ran.stdout, flags=re.MULTILINE)[1:]
    assert len(said) == len(blocks)
    first, second = said[2], said[3]
    assert "Plan: 3 to create" in first and "matches the declaration" in second
    assert "Ada Lovelace" in said[4] and "Admin" in said[4] and "NET-1" in said[4] and "Plan: 0 to create, 1 to update" in said[4]
    assert "Applied 1 of 1 change" in said[6] and "matches the declaration" in said[6]
    assert "NET-1" in said[7] or "2099-12-31" in said[7]


def typed(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    environ = {**ENV, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder)}
    return subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=environ, capture_output=True, text=True)


def shown_on_a_terminal(folder: Path, command: str) -> str:
    """What a command says to a terminal of 60 columns."""
    environ = {**ENV, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder), "COLUMNS": "60"}
    terminal, end = pty.openpty()
    subprocess.run(["bash", "-c", command], cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=end, check=True)
    os.close(end)
    said = b""
    with suppress(OSError):  # how a terminal says that nothing comes any more
        while part := os.read(terminal, 100_000):  # one read may give a part of what there is
            said += part
    os.close(terminal)
    return said.decode().replace("\r", "")


def test_what_init_prints_leads_to_a_merged_change_also_copied_from_a_terminal(tmp_path: Path) -> None:
    said = shown_on_a_terminal(tmp_path, "reconcile init")
    commands = [line.strip() for line in said.split("\n") if line.startswith(" " * 12)]
    edits = {
        r"SCIM_TOKEN=secret .* --port 8101$": r"sed -i 's|tenantUrl: .*|tenantUrl: URL|' desired/apps/example/app.yaml",
        r"git switch --create ada$": r"\g<0>; sed -i 's|displayName: Ada.*|displayName: Ada L.|' desired/directory/users/*.yaml",
        r"reconcile apply$": "reconcile apply --auto-approve",
        r"TOKEN=secret$": f"TOKEN={TOKEN}",
    }
    with scim_server() as url:
        for words, instead in edits.items():
            assert any(re.search(words, command) for command in commands), (words, said)
            commands = [re.sub(words, instead, command) for command in commands]
        ran = typed(tmp_path, "\n".join(commands).replace("URL", f"{url}/init/v2"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Plan: 3 to create" in ran.stdout and '"Ada Lovelace" -> "Ada L."' in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("Applied 1 of 1 change"), ran.stdout


@pytest.mark.parametrize("there", [True, False])
def test_init_begins_with_the_install_where_the_server_is_missing(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("reconciler.demo.find_spec", lambda name: there or None)
    assert run(["init"]) == 0
    first = re.findall(r"^    1\. .*\n {12}(.*)$", capsys.readouterr().err, re.MULTILINE)
    assert [step.endswith("-m pip install 'scim-reconciler[demo]'") for step in first] == ([] if there else [True])
