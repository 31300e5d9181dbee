#!/usr/bin/env bash
# confusable-homoglyphs 3.3.1 ships the UTS 39 table as pairs that stand both ways: "m" is listed under "rn", and "rn" under "m".
# UTS 39 itself maps each character one way, to a prototype, and its skeleton is made of prototypes. Who reads the file as a mapping
# from a character to its prototype finds for "rn" a digit of Warang Citi first, then "m", and no end to the mapping. Right-to-left letters
# carry U+200E around them, in keys as in values, so they are not found by the letter itself.
# Seen: both "m -> rn" and "rn -> m"; the first entries of "rn" are U+118E3 and "m"; keys such as U+200E U+FC5E U+200E.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check confusable-homoglyphs==3.3.1
"$folder/venv/bin/python" - <<'PYTHON'
import json
from importlib.resources import files

table = json.loads(files("confusable_homoglyphs").joinpath("confusables.json").read_text(encoding="utf-8"))
of_m, of_rn = ([pair["c"] for pair in table[key]] for key in ("m", "rn"))
marked = [key for key in table if "\u200e" in key]
print("m ->", [ascii(text) for text in of_m[:3]], "| rn ->", [ascii(text) for text in of_rn[:3]], "|", len(marked), "keys with U+200E")
assert "m" in of_rn and "rn" in of_m, "the pairs go one way now"
assert of_rn[:2] == ["\U000118e3", "m"], "other entries stand first"
assert "\u200e\ufc5e\u200e" in marked and "\ufc5e" not in table, "right-to-left keys are bare now"
PYTHON
