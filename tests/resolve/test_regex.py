"""Regular expressions of .NET: translated with their meaning, or refused with a reason."""

from __future__ import annotations

from time import process_time

import pytest

from reconciler.resolve.dotnet.regex import RegexError, compile_safe
from reconciler.resolve.dotnet.replacement import compile_replacement, expand

FOUND = [
    (r"\d+", "a٣٤", "٣٤"),
    (r"\w+", "-Zoë_1-", "Zoë_1"),
    (r"\s", "a\u00a0b", "\u00a0"),
    (r"\s", "a\vb", "\v"),
    (r"\D", "1x", "x"),
    (r"[\W_]+", "ab-_-", "-_-"),
    (r"[\s\S]+", "a\nb", "a\nb"),
    (r"[^\W]+", "-é-", "é"),
    (r"[^\d\s]+", "1 ab", "ab"),
    (r"[\w-.]+", "x a-b.c", "x"),
    (r"[\w-.]+@", "a-b.c@", "a-b.c@"),
    (r"[[a:]+", "xa:[", "a:["),
    (r"[]a]+", "x]a", "]a"),
    (r"[^]a]+", "]xa", "x"),
    (r"[a\]b]+", "x]", "]"),
    (r"[a-c\-]+", "x-b", "-b"),
    (r"[\b]", "a\bc", "\b"),
    (r"\x41\u00e9\cA\e\t", "Aé\x01\x1b\t", "Aé\x01\x1b\t"),
    (r"\p{Lu}\P{Lu}[\p{Nd}x]", "aÉé٣", "Éé٣"),
    (r"a{,3}", "aa{,3}", "a{,3}"),
    (r"a{2}b{", "aab{", "aab{"),
    (r"(?i)straße", "STRAßE", "STRAßE"),
    (r"a(?i:b)c", "aBc", "aBc"),
    (r"(?s)a.b", "a\nb", "a\nb"),
    (r"a.b", "a\nb", None),
    (r"a(?#comment)b", "ab", "ab"),
    (r"^b", "a\nb", None),
    (r"(?m)^b$", "a\nb\nc", "b"),
    (r"(?m:^b)$", "a\nb\n", "b"),
    (r"a$", "a\n", "a"),
    (r"a$", "a\n\n", None),
    (r"a\n$", "a\n", "a\n"),
    (r"a\n*?$", "a\n", "a"),
    (r"(a$|b)", "a\n", "a"),
    (r"a\Z", "a\n", "a"),
    (r"a\z", "a\n", None),
    (r"\Aa|b$", "xb", "b"),
    (r"x(a$)?", "xb", "x"),
    (r"\+\.\(\)\[\]\{\}\|\/\-\#\ ", "+.()[]{}|/-# ", "+.()[]{}|/-# "),
]
REFUSED = [
    (r"(?=a)", "look-ahead"),
    (r"(?!a)", "look-ahead"),
    (r"(?<=a)b", "look-behind"),
    (r"(?<!a)b", "look-behind"),
    (r"(?>a)", "atomic"),
    (r"(?(1)a|b)", "conditional"),
    (r"(?P<n>a)", "another dialect"),
    (r"(?<a-b>x)", "not a group name"),
    (r"(?<1>x)", "not a group name"),
    (r"(?<n>x)(?<n>y)", "is used twice"),
    (r"(a)\1", "back references"),
    (r"(?<n>a)\k<n>", "back references"),
    (r"\012", "octal"),
    (r"\bx", "ASCII words"),
    (r"x\B", "ASCII words"),
    (r"\Gx", "not supported"),
    (r"\Qx\E", "unknown escape"),
    (r"\pL", "unknown escape"),
    (r"\p{IsGreek}", "unknown escape"),
    (r"\x{41}", "unknown escape"),
    ("a\\", "unknown escape"),
    (r"[a-z-[aeiou]]", "subtraction"),
    (r"[\w-[aeiou]]", "subtraction"),
    (r"[^\W\d]", "negated class"),
    (r"[a-\d]", "range"),
    (r"[[:alpha:]]", "not a class in .NET"),
    (r"(?x) a", "only i, m and s"),
    (r"(?n)(a)", "only i, m and s"),
    (r"(?r)a", "only i, m and s"),
    (r"$\n", "follows $"),
    (r"(a$)b", "follows $"),
    (r"(a$|c)(b)", "follows $"),
    (r"(a$)*", "cannot be repeated"),
    (r"a**", "repeats nothing"),
    (r"a*+", "repeats nothing"),
    (r"a{2}{3}", "repeats nothing"),
    (r"*a", "repeats nothing"),
    (r"a|?", "repeats nothing"),
    (r"(?<n>?i)", "repeats nothing"),
    (r"(?i)*", "repeats nothing"),
    (r"a{1001}", "repetition size"),
    (r"(a", "missing )"),
    (r"a)", "unexpected )"),
    (r"[a", "missing ]"),
    (r"[z-a]", "range"),
    (r"(?", "unknown group"),
]
REPLACED = [
    (r"(a)(?<x>b)(c)", "$1$2$3", "acb"),
    (r"(?<x>a)(b)", "${x}${1}", "ab"),
    (r"a", "$$", "$"),
    (r"a", "[$0$&]", "[aa]"),
    (r"a", "$1 ${nobody} $x $", "$1 ${nobody} $x $"),
    (r"(a)|(b)", "<$2>", "<>"),
    (r"(a)", "${²}${١}", "${²}${١}"),
]


@pytest.mark.parametrize(("pattern", "text", "found"), FOUND)
def test_a_translated_pattern_finds_what_dotnet_finds(pattern: str, text: str, found: str | None) -> None:
    match = compile_safe(pattern).search(text)
    assert (match.group(0) if match is not None else None) == found


@pytest.mark.parametrize(("pattern", "reason"), REFUSED)
def test_a_pattern_that_re2_cannot_express_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(RegexError) as error:
        compile_safe(pattern)
    assert reason in str(error.value)


@pytest.mark.parametrize(("pattern", "replacement", "result"), REPLACED)
def test_a_replacement_counts_groups_as_dotnet_does(pattern: str, replacement: str, result: str) -> None:
    compiled = compile_safe(pattern)
    match = compiled.search("abc")
    assert match is not None
    assert expand(compile_replacement(replacement, compiled), match) == result


@pytest.mark.parametrize("replacement", ["$`", "$'", "$+", "$_"])
def test_a_replacement_by_what_stands_around_is_refused(replacement: str) -> None:
    with pytest.raises(RegexError, match="not supported"):
        compile_replacement(replacement, compile_safe("a"))


def test_matches_go_on_as_in_dotnet() -> None:
    spans = [match.spans[0] for match in compile_safe("[a-z]*").matches("ab1")]
    assert spans == [(0, 2), (2, 2), (3, 3)]
    assert [match.spans[0] for match in compile_safe("$").matches("a\n")] == [(1, 1), (2, 2)]


@pytest.mark.parametrize("pattern", ["a*", "", "(a|)$", "(?m)$", "a?$", r"\s*$", r"[ab]*\Z", "(a)|(b)", "(?s).*$", "é|$"])
@pytest.mark.parametrize("text", ["", "a", "ab", "aéb", "a\n", "ab\n\n", "\n", "é\na", "baab\n"])
def test_matches_are_those_that_one_search_after_the_other_finds(pattern: str, text: str) -> None:
    found, at, one = [], 0, compile_safe(pattern)
    while at <= len(text) and (match := one.search(text, at)) is not None:
        found.append(match)
        start, end = match.spans[0]
        at = end + (start == end)
    assert list(one.matches(text)) == found


def test_many_matches_take_linear_time() -> None:
    started = process_time()
    assert sum(1 for _ in compile_safe("a").matches("a" * 60_000)) == 60_000
    assert process_time() - started < 15  # about a second; a search from the beginning for each took 54


def test_a_pattern_that_hangs_others_takes_linear_time() -> None:
    assert compile_safe("^(a+)+$").search("a" * 50_000 + "!") is None
