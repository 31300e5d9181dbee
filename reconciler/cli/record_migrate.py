"""reconcile record migrate: the record moved to where reconciler.yaml says that it lives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from reconciler.cli.common import chosen, guarded, load_checked, logged, options, worst
from reconciler.cli.output import say
from reconciler.cycle.clock import now
from reconciler.declare.folders import APP_NAME
from reconciler.declare.model import App, Declarations
from reconciler.declare.settings import APP, PLACES, RecordSettings
from reconciler.declare.wording import plural
from reconciler.record.here import checkout_here
from reconciler.record.open import store_named, store_of
from reconciler.record.store import Store

LOCAL = (
    "the record is a local one, and there is no Git repository with a remote {remote!r} that could hold another: to move it "
    "into Git, write `record: {{backend: git, remote: {remote}}}` in reconciler.yaml inside of a repository; to move it from a "
    "folder, name it with --from local --path"
)


@click.command()
@options
@click.option("--from", "backend", type=click.Choice(["local", "git"]), help="Where it is now; without it, the other backend.")
@click.option("--remote", default="origin", show_default=True, help="For --from git: the remote.")
@click.option("--from-ref", "ref", metavar="REF", help="Where it is in Git now: the ref, such as refs/reconcile/wiki.")
@click.option("--path", default=".reconcile", show_default=True, help="For --from local: the folder.")
@click.option("--from-app", "name", metavar="NAME", help="The app's name until now, where that has changed.")
def migrate(
    desired: Path, apps: tuple[str, ...], no_color: bool, backend: str | None, remote: str, ref: str | None, path: str,
    name: str | None,
) -> int:  # fmt: skip
    """Move the record to where reconciler.yaml now says that it lives, or from an app's old name to its new one.

    From one ref of a remote to another it takes its whole history along; the old ref is emptied once the new one was read back.
    """
    if name is not None and (len(apps) != 1 or not APP_NAME.fullmatch(name)):
        raise click.UsageError("--from-app takes the old name of one app: name the new one with --app")
    declarations = load_checked(desired, apps)
    settings = declarations.record
    said = replace(settings, backend=backend or "git", remote=remote, path=path)

    def work(app: App) -> int:
        if backend or ref:
            at = replace(said, ref=_place(ref, app.name)) if ref else said
            return _move(store_named(name or app.name, replace(declarations, record=at)), store_of(app, declarations))
        return _move(_source(app, name, declarations, said), store_of(app, declarations))

    return worst([guarded(lambda app=app: work(app)) for app in chosen(declarations, apps)])  # type: ignore[misc]


def _place(ref: str, app: str) -> str:
    """A ref as reconciler.yaml would name it: with <app> for the app's name."""
    named = ref if APP in ref else ref.removesuffix(app) + APP
    if not PLACES.fullmatch(named):
        raise click.UsageError(f"--from-ref {ref!r} is not a place for a record: write refs/heads/reconcile/{app}")
    return named


def _source(app: App, name: str | None, declarations: Declarations, said: RecordSettings) -> Store:
    """Where the record lies that nobody has named: under the old name, at another ref, or in the other backend."""
    settings = declarations.record
    if name is not None:
        return store_named(name, declarations)
    if refs := _other_refs(app, declarations):
        if len(refs) > 1:
            raise click.UsageError(f"{app.name} has records at {', '.join(refs)}: name one with --from-ref")
        return store_named(app.name, replace(declarations, record=replace(settings, ref=refs[0])))
    checkout = checkout_here()
    if settings.backend == "local" and (checkout is None or said.remote not in checkout.remotes()):
        raise click.UsageError(LOCAL.format(remote=said.remote))
    other = "local" if settings.backend == "git" else "git"
    return store_named(app.name, replace(declarations, record=replace(said, backend=other)))


def _other_refs(app: App, declarations: Declarations) -> list[str]:
    """The other refs on the remote that hold a record of the app, where that lies in Git."""
    from reconciler.record.git.store import GitStore

    store = store_of(app, declarations)
    return store.elsewhere() if isinstance(store, GitStore) else []


def _move(source: Store, target: Store) -> int:
    from reconciler.cycle.audited import tell_command
    from reconciler.record.migrate import migrate as move

    if source.where() == target.where():
        raise click.UsageError(f"the record is in {target.where()} already")
    count = move(source, target, now())
    words = f"{plural(count, 'entry', 'entries')} moved from {source.where()} to {target.where()}"
    logged(lambda: tell_command(target, "migrate", words, {"from": source.where(), "to": target.where()}))
    say(f"{target.app}: {words}", err=False)
    return 0
