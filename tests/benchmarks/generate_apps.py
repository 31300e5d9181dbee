"""Many apps of one directory: declarations of N apps, each with so many of the people. Writes files."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.generate import MAPPINGS, declare

ROLES = "roles:\n  - {value: admin, displayName: Admin, privileged: true}\n  - {value: user, displayName: User}\n"
SETTINGS = "record: {backend: local}\n"


def name_of(number: int) -> str:
    """One app's name."""
    return f"app{number:04}"


def declare_apps(root: Path, apps: int, people: int, each: int) -> None:
    """`desired/` under `root`: `people` in the directory, and `apps` apps with `each` of them, one after the other."""
    declare(root, people)
    for file in (root / "apps/bench").iterdir():
        file.unlink()
    (root / "apps/bench").rmdir()
    (root / "reconciler.yaml").write_text(SETTINGS)
    for number in range(apps):
        _declare_app(root / "apps" / name_of(number), [(number * 7 + index) % people for index in range(each)])


def _declare_app(folder: Path, people: list[int]) -> None:
    folder.mkdir(parents=True)
    token = folder.name.upper()
    (folder / "app.yaml").write_text(
        f"# yaml-language-server: $schema=../../../schemas/app.schema.json\napp: {folder.name}\ndisplayName: App {folder.name}\n"
        "adminCredentials:\n  tenantUrl: ${env:BENCH_URL}\n" + f"  secretToken: ${{env:{token}_TOKEN}}\n"
        "provisioning:\n  mode: automatic\ndeprovisioning:\n  outOfScope: disable\n"
        "safeguards:\n  accidentalDeletions: {count: 10, percent: 20}\n"
    )
    (folder / "roles.yaml").write_text(ROLES)
    (folder / "mappings.yaml").write_text(MAPPINGS % "")
    rows = "".join(f"  - {{user: user{number:06}@example.com, role: User}}\n" for number in sorted(set(people)))
    (folder / "assignments.yaml").write_text("assignments:\n" + rows)
