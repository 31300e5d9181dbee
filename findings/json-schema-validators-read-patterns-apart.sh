#!/usr/bin/env bash
# jsonschema 4.26.0 matches a schema's "pattern" with Python's re, jsonschema-rs 0.61.2 as ECMA-262 says (JSON Schema 2020-12 Core §6.4).
# So the two disagree on valid schemas of every day: "$" lets a last line break through in Python alone, as YAML's block scalars end with
# one, and \d takes digits of any script there. It goes the other way too: \s takes the separators U+001C to U+001F in Python alone.
# Who asks the fast one for yes or no, and the slow one for the words, gets a refusal without a word, or words for what was taken.
# Seen: jsonschema accepts "a\n" for ^[a-z]+$ and U+0663 for ^\d+$, jsonschema-rs refuses both; of ^[^@\s]+$ and "a\x1c" it is reversed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jsonschema==4.26.0 jsonschema-rs==0.61.2
"$folder/venv/bin/python" - <<'PYTHON'
import jsonschema
import jsonschema_rs

seen = []
for pattern, text in ((r"^[a-z]+$", "a\n"), (r"^\d+$", "\u0663"), (r"^[^@\s]+$", "a\x1c")):
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string", "pattern": pattern}
    python = jsonschema.Draft202012Validator(schema).is_valid(text)
    rust = jsonschema_rs.validator_for(schema).is_valid(text)
    print(f"{pattern:12} {ascii(text):10} jsonschema: {python}, jsonschema-rs: {rust}")
    seen.append((python, rust))
assert seen == [(True, False), (True, False), (False, True)], "they read a pattern otherwise now"
PYTHON
