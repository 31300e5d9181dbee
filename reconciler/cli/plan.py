"""reconcile plan: what an apply would do."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import (
    BLOCKED,
    CHANGES,
    ERROR,
    chosen,
    colourer,
    guarded,
    load_checked,
    options,
    selection_options,
    session,
    worst,
)
from reconciler.plan.model import Plan


@click.command()
@options
@selection_options
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True,
              help="How to print it.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False, readable=False), help="Save the plan, for `apply FILE`.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where there are changes.")
def plan(
    desired: Path, apps: tuple[str, ...], no_color: bool, only: tuple[str, ...], causes: tuple[str, ...], form: str,
    out: Path | None, detailed_exitcode: bool,
) -> int:  # fmt: skip
    """Show what an apply would do. Writes nothing to the service."""
    if out is not None and not out.parent.is_dir():
        raise _NotSaved(out, "there is no such folder", f"create {out.parent} first")
    declarations = load_checked(desired, apps)
    plans: list[Plan] = []

    def work(app: object) -> int:
        with session(app, declarations, only, causes) as found:  # type: ignore[arg-type]
            plans.append(found.planned.plan)
            blocked = bool(found.guarded.blocking)
        changes = detailed_exitcode and plans[-1].changes
        return ERROR if plans[-1].errors else BLOCKED if blocked else CHANGES if changes else 0

    picked = chosen(declarations, apps)
    codes = [guarded(lambda app=app: work(app)) for app in picked]  # type: ignore[misc]
    if plans or form == "json":
        show_plans(plans, form, no_color)
    if out is not None and len(plans) == len(picked):
        _save(plans, out)
    elif out is not None:
        click.echo(f"{out} was not written, since it would lack an app", err=True)
    return worst(codes)


class _NotSaved(click.ClickException):
    def __init__(self, out: Path, why: str, remedy: str) -> None:
        super().__init__(f"{out} cannot be written: {why}\n    {remedy}")


def _save(plans: list[Plan], out: Path) -> None:
    from reconciler.report.jsonform import dumps

    try:
        out.write_text(dumps(plans), encoding="utf-8")
    except OSError as error:
        raise _NotSaved(out, str(error.strerror), "mend the permissions, or make room") from None


def show_plans(plans: list[Plan], form: str, no_color: bool) -> None:
    """Plans on stdout in the asked form."""
    from reconciler.report import jsonform, markdown, text

    match form:
        case "json":
            click.echo(jsonform.dumps(plans), nl=False)
        case "markdown":
            click.echo("\n".join(markdown.render(item) for item in plans), nl=False)
        case _:
            click.echo("\n".join(text.render(item, colourer(no_color)) for item in plans), nl=False)
