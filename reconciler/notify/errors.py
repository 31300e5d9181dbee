"""Why a message did not arrive.

DeliveryError      this try failed; another may not
└── Gone           the receiver wants no more: HTTP 410
"""

from __future__ import annotations

from reconciler.declare.errors import ReconcileError


class DeliveryError(ReconcileError):
    """`after` are the seconds that the receiver asks to wait, None where it does not say."""

    def __init__(self, message: str, remedy: str, after: float | None = None) -> None:
        super().__init__(message, remedy)
        self.after = after


class Gone(DeliveryError):
    """Nothing is sent there any more."""

    code = "ReceiverGone"
