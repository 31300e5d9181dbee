"""The page for beginners, typed as it stands: every block of it ends well, and the plans are what the page says that they are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

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
