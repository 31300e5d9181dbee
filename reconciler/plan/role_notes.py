"""What a plan says of roles over an API beside SCIM: unknown, as last seen, those that stay. Context in, words out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from reconciler.declare.wording import plural
from reconciler.plan.context import Context
from reconciler.plan.model import Caution
from reconciler.plan.roles_beside import is_beside, staying
from reconciler.plan.warnings import listed


def cautions(context: Context) -> Iterator[Caution]:
    """That nobody's roles are known."""
    api = context.app.role_api
    if api is not None and context.live.roles.why:
        words = f"roles are not known, and nothing is planned of them: {context.live.roles.why}"
        yield Caution("RolesUnknown", words, api.place.file, api.place.line)


def warnings(context: Context) -> Iterator[str]:
    """Of accounts whose roles are not known, were not read now, or stay although nothing here gave them."""
    if not is_beside(context.resolution.user_mapping):
        return
    yield from _unknown(context)
    yield from _as_last_seen(context)
    yield from _staying(context)


def _unknown(context: Context) -> Iterator[str]:
    users = context.resolution.users
    unknown = context.live.roles.unknown
    found = [a for a, live in context.matching.live.items() if a in users and live.id in unknown]
    if found:
        why = unknown[context.matching.live[found[0]].id]
        whose = plural(len(found), "account")
        yield f"the roles of {whose} are not known, and nothing is planned of them: {listed(found)}; {why}"


def _as_last_seen(context: Context) -> Iterator[str]:
    times = context.live.roles.as_of.values()
    if times:
        whose = plural(len(times), "account")
        yield f"the roles of {whose} are as last seen, some on {min(times)[:10]}; `--refresh roles` reads everybody's now"


def _staying(context: Context) -> Iterator[str]:
    held: dict[str, list[str]] = defaultdict(list)
    mapping, users = context.resolution.user_mapping, context.resolution.users
    for address, live in context.matching.live.items():
        if address in users and context.live.roles.knows(live.id):
            want, entry = users[address].values[-1], context.known(address)
            for item in staying(mapping, context.live, live, want, entry):
                held[item["display"]].append(address)
    for text, addresses in sorted(held.items()):
        yield (
            f"{text} stays on {plural(len(addresses), 'account')}, since nothing here gave it: {listed(addresses)}; assign it, "
            "take it away there, or set `assertive: true` in roles.yaml"
        )
