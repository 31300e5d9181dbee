"""What an apply finds of a service: from the record, and back into it. Changes client and record, and sends nothing."""

from __future__ import annotations

from dataclasses import replace

from reconciler.apply.if_match import REFUSES_VERSIONS
from reconciler.apply.model import Job
from reconciler.plan.learned import rests_on
from reconciler.record.model import Learned
from reconciler.scim.client import ScimClient


class Learning:
    """`said` is what this apply has found, in words, each thing once."""

    def __init__(self, job: Job, client: ScimClient) -> None:
        self.job, self.client = job, client
        self.learned = Learned(**job.record.known(rests_on(job.resolution.limited.app)))
        self.said: list[str] = []
        if self.learned.get("refusesVersions"):
            client.profile = replace(client.profile, etag=replace(client.profile.etag, supported=False))
        self._sends_versions = client.profile.etag.supported

    def keep(self) -> None:
        """Into the record."""
        if self._sends_versions and not self.client.profile.etag.supported:
            self._sends_versions, self.learned["refusesVersions"] = False, True
            self.said.append(REFUSES_VERSIONS)
        self.job.record.learn(self.learned)
