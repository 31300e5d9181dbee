"""Plan in, requests in order, outcomes out. Every write has a journal line before it and an outcome after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from reconciler.apply.model import Job, Outcome, Result
from reconciler.apply.order import phases
from reconciler.plan.diff import same
from reconciler.plan.digest import canonical
from reconciler.plan.model import AttributeChange, Change
from reconciler.record.model import Entry
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import AuthError, LostAnswer, PatchUnsupported, ServiceError, StaleError
from reconciler.scim.patch import body, member_operations, merge, operations

Resource = dict[str, Any]


class Store(Protocol):
    """Where the record lies."""

    def save(self, record: Any) -> None: ...
    def journal(self, line: dict[str, Any]) -> None: ...
    def log(self, lines: list[dict[str, Any]]) -> None: ...
    def clear_journal(self) -> None: ...


class _Failed(Exception):
    """One object cannot be done: status and words for its outcome."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def execute(
    job: Job, client: ScimClient, store: Store, now: Callable[[], str], tell: Callable[[Outcome], None],
    stopped: Callable[[], bool] = lambda: False,
) -> Result:  # fmt: skip
    """Do what the plan says, nothing else, and keep the record true whatever happens."""
    run = _Run(job, client, store, now)
    try:
        run.go(stopped)
    finally:
        run.finish()
    result = Result([run.outcome(change) for change in job.changes], run.interrupted)
    for outcome in result.outcomes:
        tell(outcome)
    store.log([_log(job.app, outcome, now()) for outcome in result.outcomes])
    return result


class _Run:
    def __init__(self, job: Job, client: ScimClient, store: Store, now: Callable[[], str]) -> None:
        self.job, self.client, self.store, self.now = job, client, store, now
        self.ids = dict(job.settled.ids)
        self.ends: dict[str, tuple[str, str]] = {}
        self.notes: dict[str, str] = {}
        self.touched: set[str] = set()
        self.refused = ""
        self.interrupted = False

    def go(self, stopped: Callable[[], bool]) -> None:
        self._rename_entries()
        self.store.save(self.job.record)
        for phase, changes in phases(self.job.changes):
            for change in changes:
                if stopped():
                    self.interrupted = True
                    return
                self._one(phase, change)

    def finish(self) -> None:
        """What was done is in the record, whatever stopped the rest."""
        if not self.interrupted and not self.refused:
            for address, entry in self.job.settled.baselines.items():
                if "id" in entry:  # a create that failed has none
                    self.job.record.entries.setdefault(address, entry)
        self.job.record.under_way = []
        self.store.save(self.job.record)
        self.store.clear_journal()

    def _rename_entries(self) -> None:
        entries = self.job.record.entries
        moved = {new: entries.pop(old) for new, old in self.job.settled.renamed.items() if old in entries}
        entries.update(moved)
        changing = {change.address for change in self.job.changes}
        for address, entry in self.job.settled.baselines.items():
            if address not in changing and "id" in entry:
                entries[address] = entry
        self.job.record.under_way = [change.digest for change in self.job.changes]

    def outcome(self, change: Change) -> Outcome:
        if change.address in self.ends:
            return Outcome(change, *self.ends[change.address])
        if change.address not in self.touched:
            return Outcome(change, "skipped", "not begun: " + (self.refused or "the run was interrupted"))
        note = self.notes.get(change.address, "")
        return Outcome(change, "ignored" if note else "done", note)

    def _one(self, phase: str, change: Change) -> None:
        """A failure of one object fails that object alone; a refused token ends everything."""
        if change.address in self.ends or self.refused:
            return
        self.store.journal({"at": self.now(), "phase": phase, "address": change.address, "digest": change.digest})
        try:
            self._step(phase, change)
            self.touched.add(change.address)
        except AuthError as error:
            self.refused = str(error)
            self.ends[change.address] = ("failed", str(error))
        except StaleError as error:
            self.ends[change.address] = ("stale", f"changed on the service since it was planned: {error}")
        except ServiceError as error:
            self.ends[change.address] = ("failed", str(error))
        except _Failed as error:
            self.ends[change.address] = (error.status, error.message)
        entry = self.job.record.entries.get(change.address)
        end = self.ends.get(change.address, ("done", ""))
        self.store.journal({"at": self.now(), "address": change.address, "outcome": end[0], "entry": entry})

    def _step(self, phase: str, change: Change) -> None:
        match phase:
            case "disable" | "update":
                self._write(change, [a for a in change.attributes])
            case "create":
                self._create(change)
            case "references":
                self._link(change)
            case "members out":
                self._members([], list(change.remove), change)
            case "members in":
                self._members(list(change.add), [], change)
            case "delete":
                self._delete(change)
            case _:
                raise AssertionError(phase)

    # One object

    def _create(self, change: Change) -> None:
        resource = _resource(change.address)
        plain = [(a.path, self._wire(a)) for a in change.attributes if not a.reference]
        try:
            answer = self.client.create(resource, body(resource, plain))
        except LostAnswer:
            answer = self._look_up(change) or self.client.create(resource, body(resource, plain))
        self.ids[change.address] = answer["id"]
        entry: Entry = {**self.job.settled.baselines.get(change.address, {}), "id": answer["id"], "created": True}
        entry.setdefault("wanted", {})
        self.job.record.entries[change.address] = entry
        settled = [a for a in change.attributes if not a.reference]
        self._settle(change, settled, self._read_back(change, answer))

    def _look_up(self, change: Change) -> Resource | None:
        """A POST whose answer was lost may have arrived: its matching attribute tells."""
        mapping = self.job.mapping(change.address)
        values = {a.path: a.after for a in change.attributes}
        for number in mapping.matching:
            slot = mapping.slots[number]
            want = values.get(slot.target)
            if isinstance(want, str):
                found = self.client.find(_resource(change.address), slot.target, want)
                found = [r for r in found if same(slot, want, mapping.one(r)[slot.target])]
                if len(found) == 1:
                    return found[0]
        return None

    def _link(self, change: Change) -> None:
        self._write(change, [a for a in change.attributes if a.reference])

    def _write(self, change: Change, attributes: list[AttributeChange]) -> None:
        live = self._fresh(change)
        pairs = [(a.path, self._wire(a)) for a in attributes]
        resource, id = _resource(change.address), live["id"]
        version = (live.get("meta") or {}).get("version")
        try:
            answer = self.client.patch(resource, id, operations(pairs, live), version)
        except PatchUnsupported:
            answer = self.client.replace(resource, id, merge(live, pairs), version)
        except LostAnswer:
            # Read first: what has taken effect must not be sent again.
            answer = self.client.get(resource, id)
            if not self._holds(change, attributes, answer):
                answer = self.client.patch(resource, id, operations(pairs, live), version)
        self._settle(change, attributes, self._read_back(change, answer))

    def _fresh(self, change: Change) -> Resource:
        live = self.client.get(_resource(change.address), self._id(change.address))
        if live is None:
            raise _Failed("stale", "the account is gone from the service since it was planned")
        if change.action == "create":
            return live
        mapping = self.job.mapping(change.address)
        values = mapping.one(live)
        values["active"] = str(live.get("active", True)).lower() == "true"
        for attribute in change.attributes:
            before = self._id_of(attribute.before) if attribute.reference else attribute.before
            if canonical(values.get(attribute.path)) != canonical(before):
                raise _Failed("stale", f"{attribute.path} has been changed on the service since it was planned")
        return live

    def _members(self, add: list[str], remove: list[str], change: Change) -> None:
        """Members whose own account failed are left for the next run."""
        known = [m for m in add if m in self.ids and m not in self.ends]
        failed = sorted(set(add) - set(known))
        id = self._id(change.address)
        gone = [self._id(member) for member in remove]
        for chunk in member_operations([self._id(m) for m in known], gone, self.client.profile.members_per_patch):
            self.client.patch("Groups", id, chunk)
        entry = self._own_entry(change)
        entry["members"] = sorted((set(entry.get("members", ())) | set(known)) - set(remove) - set(failed))
        if failed:
            raise _Failed("skipped", f"{', '.join(failed)} could not be added, since that account failed")

    def _delete(self, change: Change) -> None:
        self.client.delete(_resource(change.address), self._id(change.address))
        self.job.record.entries.pop(change.address, None)
        self.job.settled.baselines.pop(change.address, None)

    # Values and the record

    def _wire(self, attribute: AttributeChange) -> Any:
        """A reference goes out as the id of the account that it names."""
        if not attribute.reference or attribute.after is None:
            return attribute.after
        id = self._id_of(attribute.after)
        return id if attribute.path.endswith(".value") else {"value": id}

    def _id_of(self, address: Any) -> Any:
        return self.ids.get(address, address)

    def _id(self, address: str) -> str:
        if address not in self.ids:
            raise _Failed("skipped", f"{address} has no account")
        return self.ids[address]

    def _read_back(self, change: Change, answer: Resource | None) -> Resource:
        if answer is not None and "userName" in answer or answer is not None and "displayName" in answer:
            return answer
        return self.client.get(_resource(change.address), self._id(change.address)) or {}

    def _holds(self, change: Change, attributes: list[AttributeChange], live: Resource | None) -> bool:
        return live is not None and not self._ignored(change, attributes, live)

    def _ignored(self, change: Change, attributes: list[AttributeChange], live: Resource) -> dict[str, Any]:
        """What the service kept or made of it otherwise: path -> the value that it answers."""
        mapping = self.job.mapping(change.address)
        slots = {slot.target: slot for slot in mapping.slots}
        values = mapping.one(live)
        found = {}
        for a in attributes:
            want = self._id_of(a.after) if a.reference else a.after
            have = values.get(a.path) if a.path in slots else live.get(a.path)
            if a.path in slots and not same(slots[a.path], want, have):
                found[a.path] = have
        return found

    def _settle(self, change: Change, attributes: list[AttributeChange], live: Resource) -> None:
        ignored = self._ignored(change, attributes, live)
        entry = self._own_entry(change)
        wanted, answered = dict(entry.get("wanted", {})), dict(entry.get("answered", {}))
        for a in attributes:
            wanted[a.path] = a.after
            answered.pop(a.path, None)
        answered.update(ignored)
        entry["wanted"], entry["answered"] = wanted, answered
        if change.action == "disable":
            entry["disabledAt"] = self.now()
        elif change.action == "enable":
            entry.pop("disabledAt", None)
        if ignored:
            self.notes[change.address] = "the service ignored " + ", ".join(sorted(ignored))

    def _own_entry(self, change: Change) -> Entry:
        entries = self.job.record.entries
        if change.address not in self.touched and change.action != "create":
            base = self.job.settled.baselines.get(change.address)
            if base is not None:
                kept = entries.get(change.address, {}).get("members") if change.add or change.remove else None
                entries[change.address] = {**base}
                if kept is not None:
                    entries[change.address]["members"] = kept
        return entries.setdefault(change.address, {"id": self._id(change.address)})


def _resource(address: str) -> str:
    return "Users" if address.startswith("User/") else "Groups"


def _log(app: str, outcome: Outcome, at: str) -> dict[str, Any]:
    """One record of the provisioning log, in the shape of Graph's provisioningObjectSummary."""
    change = outcome.change
    action = {"enable": "update"}.get(change.action, change.action)
    status = {"done": "success", "ignored": "warning", "skipped": "skipped"}.get(outcome.status, "failure")
    return {
        "id": f"{at}/{change.address}",
        "activityDateTime": at,
        "provisioningAction": action,
        "provisioningStatusInfo": {"status": status, "errorInformation": {"reason": outcome.message}},
        "sourceIdentity": {"displayName": change.address},
        "targetIdentity": {"id": change.precondition.id if change.precondition else None},
        "targetSystem": {"displayName": app},
        "modifiedProperties": [
            {"displayName": a.path, "oldValue": a.before, "newValue": a.after} for a in change.attributes
        ],
    }
