"""An answer in, its data or the error that it stands for out, in words without the token. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import orjson

from reconciler.scim.errors import AuthError, LostAnswer, NotScim, PatchUnsupported, ReadError, ServiceError, StaleError

T = TypeVar("T")

LARGE = 4 * 1024 * 1024  # bytes; what a smaller answer takes in memory is no matter
TOO_MUCH = "ask for less with `paging: {count: ...}` in the profile; if it stays so, tell the service's vendor"
WORDS = ("detail", "message", "error_description", "error")  # where services say what is wrong
LEAST = 8  # bytes of an answer for each value in it: `"a":"b",` has as many


class Answer(NamedTuple):
    """What was answered; `fault` says why its content is not all there.

    httpx's own responses lie on a cycle of references, so that a page in one outlives its use.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    fault: str = ""


class Answers:
    """Reads what a service says; it may say the token, which must appear nowhere.

    `url` is what app.yaml calls the base URL, `base` what it is to be the base of.
    """

    def __init__(self, token: str, url: str = "tenantUrl", base: str = "the SCIM base URL") -> None:
        self._token, self.url, self._check = token, url, f"check that {url} is {base}"

    def data(self, answer: Answer, shown: str) -> Any:
        """What was answered to the request `shown`, None where nothing was. Raises ServiceError."""
        status = answer.status
        if 300 <= status < 400:
            raise ServiceError(
                f"answered {status}, a redirect, which is not followed",
                shown,
                status,
                remedy=f"put the final URL into {self.url}",
            )
        if not 200 <= status < 300:
            raise self._error(answer, shown)
        if fault := answer.fault or _too_dense(answer.content):
            return self._unusable(fault, answer, shown)
        if status == 204 or not answer.content.strip():
            return None
        try:
            return orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            words = f"answered {status} with something that is not JSON: {self._start(answer)}"
            return self._unusable(words, answer, shown, self._check, NotScim)

    def _unusable(self, why: str, answer: Answer, shown: str, remedy: str = TOO_MUCH, kind: type[ReadError] = ReadError) -> None:
        """An answer that says it was done, but not what came of it, which can be read back; a POST or PATCH is looked up."""
        if shown.startswith(("PUT", "DELETE")):
            return
        if shown.startswith(("POST", "PATCH")):
            raise LostAnswer(why, shown, answer.status)
        raise kind(why, shown, answer.status, remedy=remedy)

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
        error = ServiceError(message, shown, status, scim_type, self._check if status == 404 else _remedy(status))
        error.foreign = not _is_of_scim(answer.content)
        return error

    def _details(self, answer: Answer) -> tuple[str | None, str]:
        try:
            data = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            return None, self._start(answer)
        if not isinstance(data, dict):
            return None, ""
        scim_type = data.get("scimType")
        detail = next(filter(None, map(data.get, WORDS)), "")
        return (self.clean(_text(scim_type)) if scim_type else None), self.clean(_text(detail))

    def _start(self, answer: Answer) -> str:
        """The first words of an answer; the token is taken out first, since a cut could leave half of it."""
        return self.clean(answer.content[:65_536].decode("utf-8", "replace"))[:200]

    def clean(self, text: str) -> str:
        """The service's words on one short line, without the token."""
        plain = "".join(c if c.isprintable() else " " for c in text.replace(self._token, "[token]"))
        return " ".join(plain.split())[:500]


def _is_of_scim(content: bytes) -> bool:
    """Whether an error may be the service's own: an object in JSON (RFC 7644 §3.12), or nothing at all, as some answer."""
    try:
        return not content.strip() or isinstance(orjson.loads(content), dict)
    except orjson.JSONDecodeError:
        return False


def _text(value: Any) -> str:
    """A value in words; what is nested too deep for that says nothing."""
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return ""


def shallow(value: T, request: str = "GET") -> T:
    """The value itself; raises ReadError where it is nested deeper than any record holds: nobody walks down there."""
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise ReadError("a value in the answer is nested too deep", request, remedy="tell the service's vendor") from None
    return value


def _too_dense(content: bytes) -> str:
    """A large answer of nothing but the smallest values would take many times its size in memory."""
    if len(content) < LARGE or content.count(b",") * LEAST < len(content):
        return ""
    return f"the answer holds more than a value for every {LEAST} bytes, in {len(content) // 1024**2} MiB"


def _remedy(status: int) -> str:
    if status == 429 or status >= 500:
        return "try again later; if it stays so, ask the people who run the service"
    return "see the service's own words"
