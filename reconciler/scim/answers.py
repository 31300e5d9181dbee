"""An answer in, its data or the error that it stands for out, in words without the token. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from reconciler.scim.errors import AuthError, LostAnswer, PatchUnsupported, ReadError, ServiceError, StaleError


class Answer(NamedTuple):
    """What was answered. httpx's own responses lie on a cycle of references, so that a page in one outlives its use."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Answers:
    """Reads what a service says; it may say the token, which must appear nowhere."""

    def __init__(self, token: str) -> None:
        self._token = token

    def data(self, answer: Answer, shown: str) -> Any:
        """What was answered to the request `shown`, None where nothing was. Raises ServiceError."""
        status = answer.status
        if 300 <= status < 400:
            raise ServiceError(f"answered {status}, a redirect, which is not followed", shown, status,
                               remedy="put the final URL into tenantUrl")  # fmt: skip
        if not 200 <= status < 300:
            raise self._error(answer, shown)
        if status == 204 or not answer.content.strip():
            return None
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            text = self._start(answer)
            if shown.startswith(("PUT", "DELETE")):
                return None  # it was done, and that can be read back
            if shown.startswith(("POST", "PATCH")):
                raise LostAnswer(f"answered {status} with something that is not JSON: {text}", shown, status) from None
            raise ReadError(f"answered {status} with something that is not JSON: {text}", shown, status,
                            remedy="check that tenantUrl is the SCIM base URL") from None  # fmt: skip

    def _error(self, answer: Answer, shown: str) -> ServiceError:
        status = answer.status
        scim_type, detail = self._details(answer)
        message = f"answered {status}" + (f" {scim_type}" if scim_type else "") + (f": {detail}" if detail else "")
        if status in (401, 403):
            return AuthError(message, shown, status, scim_type, "check the token and what it is allowed to do")
        if status == 412:
            return StaleError(message, shown, status, scim_type, "plan again")
        if status in (405, 501) and shown.startswith("PATCH"):
            return PatchUnsupported(message, shown, status, scim_type)
        if status in (502, 503, 504) and shown.startswith(("POST", "PATCH")):
            return LostAnswer(message, shown, status, scim_type)
        return ServiceError(message, shown, status, scim_type, _remedy(status))

    def _details(self, answer: Answer) -> tuple[str | None, str]:
        try:
            data = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            return None, self._start(answer)
        if not isinstance(data, dict):
            return None, ""
        scim_type = data.get("scimType")
        detail = data.get("detail") or data.get("message") or data.get("error") or ""
        return (self.clean(str(scim_type)) if scim_type else None), self.clean(str(detail))

    def _start(self, answer: Answer) -> str:
        """The first words of an answer; the token is taken out first, since a cut could leave half of it."""
        return self.clean(answer.content[:65_536].decode("utf-8", "replace"))[:200]

    def clean(self, text: str) -> str:
        """The service's words on one short line, without the token."""
        plain = "".join(c if c.isprintable() else " " for c in text.replace(self._token, "[token]"))
        return " ".join(plain.split())[:500]


def _remedy(status: int) -> str:
    if status == 404:
        return "check that tenantUrl is the SCIM base URL"
    if status == 429 or status >= 500:
        return "try again later; if it stays so, ask whoever runs the service"
    return "see the service's own words"
