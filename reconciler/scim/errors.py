"""What can go wrong on the wire.

ServiceError            the service said no, or spoke something that is not SCIM
├── AuthError           401 or 403: nothing else will work either
├── ReadError           a list could not be read whole, or cannot be trusted
│   └── NotScim         what answers speaks something else
│       └── OldScim     SCIM 1.1
├── StaleError          412: the object has changed since it was read; apply/precondition_failed.py tells its whole way
├── PatchUnsupported    405 or 501 on PATCH
├── NoConnection        nothing was sent
│   ├── UnusableId      the service gave an id with which nothing can be asked for
│   └── NotSent         we did not want to send it: it could have done harm
├── AnotherAccount      asked for one account, the service answered with another
└── LostAnswer          a write was sent and no answer came: nobody knows whether it was done
CredentialError         the URL or the token must not or cannot be used
├── UrlNotSet           the URL is still the one that `reconcile init` wrote
├── OriginNotAllowed    the token may not go to the origin of the URL
└── SecretMissing       what a reference names is not there
"""

from __future__ import annotations

from typing import Self

from reconciler.declare.errors import ReconcileError
from reconciler.declare.place import Place

INCOMPATIBLE = "ServiceIncompatible"
LONGEST = 300.0  # seconds that a request waits, where the service asks for it


class CredentialError(ReconcileError):
    """Raised before any request; `remedy` says what to do."""

    def at(self, place: Place) -> Self:
        """The same, with where what is wrong is declared, as far as that is known."""
        return type(self)(f"{self.message}, {place}", self.remedy, self._code) if place.line else self


class UrlNotSet(CredentialError):
    """Nobody has said yet where the service is."""


class OriginNotAllowed(CredentialError):
    """RECONCILE_ALLOWED_ORIGINS does not let the token go there."""


class SecretMissing(CredentialError):
    """A variable that is not set, or a file that cannot be read."""


class ServiceError(ReconcileError):
    """`request` is method and path, `status` None where no answer came; `after` are the seconds that the service asks to wait.

    `service` is which one it is, in words, where that is not plain from what else is said; `foreign` says that the answer is a
    page of something else: a proxy's 404 says nothing of an account.
    """

    after: float | None = None
    service: str = ""
    foreign: bool = False

    def __init__(
        self, message: str, request: str = "", status: int | None = None, scim_type: str | None = None, remedy: str = ""
    ) -> None:
        super().__init__(message, remedy)
        self.request, self.status, self.scim_type = request, status, scim_type

    @property
    def code(self) -> str:
        """Because of what the service is, or for now."""
        refused = self.status is not None and 300 <= self.status < 500 and self.status != 429
        return INCOMPATIBLE if refused else "ServiceUnavailable"

    @property
    def too_long(self) -> bool:
        """Whether the service asks for a wait that nobody sits through."""
        return self.after is not None and self.after > LONGEST

    @property
    def uncertain(self) -> bool:
        """Whether a write that ended so may have been done all the same."""
        if isinstance(self, (NoConnection, PatchUnsupported)):
            return False
        return isinstance(self, LostAnswer) or self.status is None or self.status >= 500

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.service, self.request, self.message)))


class AuthError(ServiceError):
    """The token is refused."""

    code = "Unauthorized"


class ReadError(ServiceError):
    """A plan on half a service would disable the other half, so there is no plan."""


class NotScim(ReadError):
    """What answers is no SCIM 2.0 service."""

    code = INCOMPATIBLE


class OldScim(NotScim):
    """What answers speaks SCIM 1.1."""


class StaleError(ServiceError):
    """The ETag did not match."""


class PatchUnsupported(ServiceError):
    """The service does not do PATCH (RFC 7644 §3.5.2 makes it optional)."""


class NoConnection(ServiceError):
    """Nothing was sent."""


class UnusableId(NoConnection):
    """An id that would make the URL another one."""


class NotSent(NoConnection):
    """Held back here."""


class AnotherAccount(ServiceError):
    """What was answered is not of the account that was asked for."""


class LostAnswer(ServiceError):
    """The outcome of a write is unknown."""
