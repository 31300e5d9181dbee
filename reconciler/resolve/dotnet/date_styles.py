"""The names of .NET's DateTimeStyles in, the set of those that say how a date is read out. Pure.

Local time is UTC on Entra's servers, so what is assumed or adjusted of a time zone changes nothing here.
"""

from __future__ import annotations

from reconciler.resolve.dotnet.date_format import FormatError

LEADING, TRAILING, INNER, NO_DATE = "AllowLeadingWhite", "AllowTrailingWhite", "AllowInnerWhite", "NoCurrentDateDefault"
ZONES = ("AdjustToUniversal", "AssumeLocal", "AssumeUniversal", "RoundtripKind")
STYLES = ("None", LEADING, TRAILING, INNER, "AllowWhiteSpaces", NO_DATE, *ZONES)
DEFAULT = frozenset({"RoundtripKind", LEADING, TRAILING})  # of FormatDateTime, by Entra's reference


def read_styles(written: str) -> frozenset[str]:
    """`AssumeUniversal, AllowWhiteSpaces`, each with `DateTimeStyles.` before it or without. Raises FormatError."""
    if not written.strip():
        return DEFAULT
    names = {name.strip().removeprefix("DateTimeStyles.") for name in written.split(",")}
    if unknown := sorted(names.difference(STYLES)):
        raise FormatError(f"{unknown[0]!r} is not a date-time style: use {', '.join(STYLES)}")
    if "RoundtripKind" in names and names & {"AdjustToUniversal", "AssumeLocal", "AssumeUniversal"}:
        raise FormatError("RoundtripKind cannot be combined with AdjustToUniversal, AssumeLocal or AssumeUniversal")
    if {"AssumeLocal", "AssumeUniversal"} <= names:
        raise FormatError("AssumeLocal and AssumeUniversal exclude one another")
    return frozenset(names | ({LEADING, TRAILING, INNER} if "AllowWhiteSpaces" in names else set()))
