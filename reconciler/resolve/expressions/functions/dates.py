"""Functions on dates: texts in, and out as M/d/yyyy h:mm:ss tt, UTC, of the invariant culture. Pure.

DateAdd and DateDiff are those of Visual Basic, which the reference's examples follow: a year or a month counts by the
calendar, a week by its Sundays, anything else by whole units that have passed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.resolve.dotnet import ticks
from reconciler.resolve.dotnet.date_format import FormatError, reader, writer
from reconciler.resolve.dotnet.date_styles import DEFAULT, read_styles
from reconciler.resolve.dotnet.ticks import DAY, FILETIME, HOUR, MINUTE, SECOND, add_months, inside, parts, printed
from reconciler.resolve.expressions.functions.base import (
    Arguments,
    BadArgument,
    EvaluationError,
    Function,
    checks,
    empty,
    known,
    number,
    one_of,
    text,
    whole,
    whole_at,
)

INTERVALS = ("yyyy", "m", "d", "ww", "h", "n", "s")
TICKS = {"ww": 7 * DAY, "d": DAY, "h": HOUR, "n": MINUTE, "s": SECOND}


def _dates(call: Callable[..., Any]) -> Callable[..., Any]:
    """What the calendar refuses concerns one object; null in is null out."""

    def run(*arguments: Any) -> Any:
        if any(empty(value) for value in arguments):
            return None
        try:
            return call(*arguments)
        except EvaluationError:
            raise
        except ValueError as error:
            raise EvaluationError(str(error)) from None

    return run


def _moment(value: Any) -> int:
    return ticks.parse(text(value))


def _interval(name: Any) -> str:
    if name not in INTERVALS:
        raise EvaluationError(f"{name!r} is not an interval: one of {', '.join(INTERVALS)}")
    return str(name)


def _date_add(interval: Any, value: Any, date: Any) -> str:
    unit, amount = _interval(interval), number(value)
    if amount is None:
        raise EvaluationError(f"{value!r} is not a number")
    count, moment = int(amount), _moment(date)
    if unit in TICKS:
        return printed(inside(moment + count * TICKS[unit]))
    return printed(add_months(moment, count * 12 if unit == "yyyy" else count))


def _date_diff(interval: Any, first: Any, second: Any) -> int:
    unit, start, end = _interval(interval), _moment(first), _moment(second)
    if unit in TICKS and unit != "ww":
        return _toward_zero(end - start, TICKS[unit])
    a, b = parts(start), parts(end)
    if unit == "yyyy":
        return b.year - a.year
    if unit == "m":
        return (b.year - a.year) * 12 + b.month - a.month
    return _toward_zero(_toward_zero(end - b.weekday * DAY - (start - a.weekday * DAY), DAY), 7)


def _toward_zero(value: int, unit: int) -> int:
    return value // unit if value >= 0 else -(-value // unit)


def _format(source: Any, styles: Any, read: Any, write: Any) -> Any:
    if empty(source):
        return None
    try:
        return writer(text(write))(reader(text(read), read_styles(text(styles)))(text(source)))
    except ValueError as error:
        raise EvaluationError(str(error)) from None


def _check_format(arguments: Arguments) -> None:
    styles = DEFAULT
    if known(arguments, 1):
        try:
            styles = read_styles(text(arguments[1]))
        except FormatError as error:
            raise BadArgument(1, str(error), "leave dateTimeStyles empty, or combine names with commas") from None
    for index, use in ((2, lambda pattern: reader(pattern, styles)), (3, writer)):
        if not known(arguments, index):
            continue
        try:
            use(text(arguments[index]))
        except FormatError as error:
            raise BadArgument(index, str(error), "use the letters y M d H h m s f t z, and quotes around text") from None


def _date_from_number(value: Any) -> str:
    return printed(inside(whole(value) + FILETIME))


FUNCTIONS: dict[str, Function] = {
    "CDate": Function(1, 1, _dates(lambda v: printed(_moment(v))), "CDate(expression)"),
    "DateAdd": Function(
        3, 3, _dates(_date_add), "DateAdd(interval, value, dateTime)",
        checks(one_of(0, INTERVALS, "interval"), whole_at(1)),
    ),
    "DateDiff": Function(
        3, 3, _dates(_date_diff), "DateDiff(interval, date1, date2)", one_of(0, INTERVALS, "interval")
    ),
    "DateFromNum": Function(1, 1, _dates(_date_from_number), "DateFromNum(value)", whole_at(0)),
    "FormatDateTime": Function(
        4, 4, _format, "FormatDateTime(source, dateTimeStyles, inputFormat, outputFormat)",
        _check_format,
        optional=(1,),
    ),
    "NumFromDate": Function(1, 1, _dates(lambda v: _moment(v) - FILETIME), "NumFromDate(value)"),
}  # fmt: skip
