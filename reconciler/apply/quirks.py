"""What an apply finds out of how a service behaves: from the record, and back into it. Changes client and record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from reconciler.apply.model import Job
from reconciler.apply.precondition_failed import REFUSES_VERSIONS
from reconciler.declare.names import is_user
from reconciler.plan.change import Action, Change
from reconciler.plan.cost import is_worth_a_try
from reconciler.plan.quirks import form_key, rests_on
from reconciler.record.values import IN_NO_FORM, Learned
from reconciler.resolve.capabilities import modifiable_but
from reconciler.scim.attribute_forms import PUT, is_of_every_value, is_of_form
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import ServiceError
from reconciler.scim.patch import PATH, VALUE, WHOLE
from reconciler.scim.profile import Profile

ENOUGH = 3  # objects: what is refused of so many is not about one of their values
TAKEN = {
    WHOLE: "the whole attribute instead",
    VALUE: "it in a value without a path instead",
    PUT: "it in a PUT of the whole object instead",
}
IGNORES_VERSIONS = (
    "the service announces ETags and takes a change that carries another version than the object's (If-Match), so each object is "
    "read before it is written to, as where there are none. To set this from the start, write `etag: {enforced: false}` in the "
    "profile"
)


def as_learned(profile: Profile, learned: Learned) -> Profile:
    """With what applies have found out of versions, where the profile says nothing else."""
    etag = profile.etag
    if learned.get("refusesVersions"):
        etag = replace(etag, supported=False)
    if etag.enforced is None:
        etag = replace(etag, enforced=learned.get("keepsVersions"))
    return replace(profile, etag=etag)


class Quirks:
    """`said` is what this apply has found, in words, each thing once."""

    def __init__(self, job: Job, client: ScimClient) -> None:
        self.job, self.client = job, client
        self.learned = Learned(**job.record.known(rests_on(job.resolution.limited.app)))
        self.forms = dict(self.learned.get("forms", {}))
        self.not_at_create = set(self.learned.get("notAtCreate", ()))
        self._later: Counter[str] = Counter()  # what was refused in a create, and taken afterwards
        self._in_vain = 0  # creates that it refused with whatever was in them
        self.said: list[str] = []
        self._refusals: dict[str, ServiceError] = {}
        self._counts: Counter[str] = Counter()
        self.writes = 0  # that were taken
        self._writes_before: dict[str, int] = {}  # of them those before an attribute was first refused
        client.profile = as_learned(client.profile, self.learned)
        self._worth_a_try = is_worth_a_try(job.changes)
        self._trying = ""  # the address of the change whose write finds out whether versions are kept
        self._sends_versions = client.profile.etag.supported
        self.versions_move = True  # whether a version is another one after a change

    def into_record(self) -> None:
        """Into the record."""
        if self._sends_versions and not self.client.profile.etag.supported:
            self._sends_versions, self.learned["refusesVersions"] = False, True
            self.said.append(REFUSES_VERSIONS)
        if self.forms:
            self.learned["forms"] = self.forms
        if self.not_at_create:
            self.learned["notAtCreate"] = sorted(self.not_at_create)
        self.job.record.learn(self.learned)

    # Whether it keeps versions

    def tries_versions(self, change: Change) -> bool:
        """Whether it is this change's write that finds it out."""
        etag = self.client.profile.etag
        if self._worth_a_try and etag.announces() and etag.enforced is None and self.client.profile.patch.supported:
            self._worth_a_try, self._trying = False, change.address
        return self._trying == change.address

    def tries_no_more(self) -> None:
        self._trying = ""

    def found_versions(self, *, kept: bool) -> None:
        """It refused a change with another version than its object's, or took it."""
        self.client.profile = replace(self.client.profile, etag=replace(self.client.profile.etag, enforced=kept))
        self.learned["keepsVersions"] = kept
        if not kept:
            self.said.append(IGNORES_VERSIONS)

    def saw_version(self, before: str | None, after: str | None) -> None:
        """Of an object that was changed: a version that stays says nothing of what happens between a plan and its write."""
        self.versions_move = self.versions_move and before != after

    # In which form a path is taken

    def form_of(self, change: Change, target: str) -> str:
        """The form in which the service takes a change of this attribute, as far as it is known."""
        return self.forms.get(form_key(change.address, target), PATH)

    def refusal_of(self, change: Change, target: str) -> ServiceError:
        """The error of an attribute that it takes in no form."""
        known = self._refusals.get(form_key(change.address, target))
        return known or ServiceError("refused by an earlier apply", status=400, scim_type="invalidPath")

    def found_form(self, change: Change, target: str, form: str, error: ServiceError) -> None:
        """It refused the attribute as it was sent first, and takes it in this form."""
        if self.form_of(change, target) == form:
            return
        if form == PATH:
            del self.forms[form_key(change.address, target)]
            return
        self.forms[form_key(change.address, target)] = form
        line = ""
        if form == WHOLE and "[" in target:
            line = "; to send it like this from the start, write `patch: {valueFilters: false}` in the profile"
        elif form == PUT:
            line = "; if it is the same with every attribute, write `patch: {supported: false}` in the profile"
        self.said.append(
            f"the service refused a change of {target} ({error.message}) and took {TAKEN[form]}, which it gets from now on{line}"
        )

    def found_doubtful(self, change: Change, target: str, writes: int) -> None:
        """It refused the attribute in every form, after so many writes that it took."""
        self._writes_before.setdefault(form_key(change.address, target), writes)

    def is_evident(self, change: Change, target: str, error: ServiceError) -> bool:
        """Whether it is this attribute that is refused: of a service that refuses everything nothing is known."""
        if is_of_every_value(error):
            return True
        return is_of_form(error, PATH) and self.writes > self._writes_before.get(form_key(change.address, target), self.writes)

    def found_refused(self, change: Change, target: str, error: ServiceError) -> bool:
        """It takes the attribute in no form. Returns whether that holds for every object from now on."""
        key = form_key(change.address, target)
        if self.forms.get(key) == IN_NO_FORM:
            return True
        self._counts[key] += 1
        if not is_of_every_value(error) and self._counts[key] < ENOUGH:
            return False
        self.forms[key], self._refusals[key] = IN_NO_FORM, error
        if change.action == Action.CREATE:
            self.not_at_create.add(key)
        self.said.append(
            f"the service takes a change of {target} in no form ({error.message}), so it is left as it is until the profile or "
            f"the mapping changes; {self.remedy(change, target)}"
        )
        return True

    # What a create can hold

    def is_not_at_create(self, change: Change, target: str) -> bool:
        """Whether the service makes nobody who has this attribute from the start."""
        return form_key(change.address, target) in self.not_at_create

    @property
    def may_try_less(self) -> bool:
        """Whether it is worth while to send a refused create with less: not where that has never helped."""
        return self._in_vain < ENOUGH

    def found_less(self, targets: Iterable[str], change: Change, writes: int) -> None:
        """It took a create without these, after so many writes that it took."""
        self._in_vain, self.writes = 0, self.writes + 1
        for target in targets:
            self.found_doubtful(change, target, writes)

    def found_nothing_less(self) -> None:
        self._in_vain += 1

    def found_not_at_create(self, change: Change, targets: Collection[str]) -> None:
        """It refused in a create the very values that it takes afterwards."""
        keys = {target: form_key(change.address, target) for target in targets}
        self._later.update(keys.values())
        if known := [target for target, key in keys.items() if key not in self.not_at_create and self._later[key] >= ENOUGH]:
            self.not_at_create.update(keys[target] for target in known)
            words = ", ".join(known)
            self.said.append(
                f"the service refuses a create that holds {words}, and takes that in a second request, as it is sent now"
            )

    def remedy(self, change: Change, target: str) -> str:
        """What says that an attribute cannot be changed."""
        app = self.job.resolution.limited.app
        names = modifiable_but(app, target) if is_user(change.address) else None
        kept, line = ("stored", "none: true") if self.is_not_at_create(change, target) else ("modifiable", "apply: create")
        profile = f"`users: {{{kept}: [{', '.join(names)}]}}` in the profile, or " if names else ""
        return f"to set this, write {profile}`{line}` on the mapping"
