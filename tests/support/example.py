"""The example of this repository at a desk of its own, with an app on each of three services."""

from __future__ import annotations

import shutil

from tests.support.servers import ROOT, TOKEN, Desk

QUICK = "profile: {base: thousandeyes, rate: {perMinute: 100000, burst: 10000}}"


def example(desk: Desk, wiki: str, thousandeyes: str) -> None:
    """Instead of what the desk declares; the two are origins, and nobody waits for the rate of ThousandEyes.

    The third, Tickets, is a tenant beside that of the wiki.
    """
    shutil.rmtree(desk.folder / "desired")
    shutil.copytree(ROOT / "desired", desk.folder / "desired")
    file = desk.folder / "desired/apps/thousandeyes/app.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count("profile: thousandeyes\n") == 1
    file.write_text(text.replace("profile: thousandeyes\n", f"{QUICK}\n"), encoding="utf-8")
    for app, url in (("WIKI", wiki), ("TICKETS", f"{wiki}-tickets"), ("THOUSANDEYES", thousandeyes)):
        desk.environ |= {f"{app}_SCIM_URL": f"{url}/v2", f"{app}_SCIM_TOKEN": TOKEN}
