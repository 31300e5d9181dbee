"""Which pages are made from the code, and by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.references import code_page, commands_page, environment_page, functions_page, keys_page, options_page, profiles_page
from tests.support.servers import ROOT

PAGES = ROOT / "reconciler/docs"
ABOUT = """# scim-reconciler

> Declare users, groups, app roles, assignments and attribute mappings in YAML, review what a change would do as a plan, and apply
> exactly that over SCIM.

Each page is also printed by `reconcile help NAME`, and what a code means by `reconcile help CODE`.

## Pages

"""
LIST = "llms.txt"
MADE: Mapping[str, Callable[[], str]] = {
    "codes.md": code_page.page,
    "commands.md": commands_page.page,
    "environment.md": environment_page.page,
    "functions.md": functions_page.page,
    "keys.md": keys_page.page,
    "options.md": options_page.page,
    "profile-values.md": profiles_page.page,
    LIST: lambda: listed(),
}


def listed() -> str:
    """Every page with its title, for programs that read documentation (llmstxt.org)."""
    pages = sorted(PAGES.glob("*.md"))
    titles = [(page.name, page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")) for page in pages]
    return ABOUT + "".join(f"- [{name.removesuffix('.md')}]({name}): {title}\n" for name, title in titles)
