#!/usr/bin/env bash
# scim2-filter-parser, which django-scim2 asks, reads `a or b and c` from left to right: (a or b) and c. In RFC 7644 §3.4.2.2 `and` comes
# first. Who asks for several objects and another condition in one filter gets fewer than are there, and may take the others for gone.
# It also compares with the text NULL for `eq null`, which finds nobody whose value is absent, and refuses the JSON escape of a quote
# (RFC 7644 §3.4.2.2: a value is JSON), so that a name with a quote in it cannot be asked for. Its LIKE takes _ and % of a value for patterns.
# Seen with scim2-filter-parser 0.7.0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "scim2-filter-parser==0.7.0" 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON'
import sqlite3
import sys

from scim2_filter_parser.parser import SCIMParserError
from scim2_filter_parser.queries import SQLQuery

COLUMNS = {("userName", None, None): "username", ("title", None, None): "title", ("active", None, None): "active"}
people = sqlite3.connect(":memory:")
people.execute("CREATE TABLE people (username, title, active)")
people.executemany("INSERT INTO people VALUES (?, ?, ?)", [("ada", None, "FALSE"), ("bob", "Dr", "TRUE"), ("b-b", "Dr", "TRUE")])


def asked(text):
    query = SQLQuery(text, "people", COLUMNS, [])
    where = query.sql.split("WHERE")[1].strip().rstrip(";")
    values = list(query.params_dict.values()) if hasattr(query, "params_dict") else list(query.params)
    found = people.execute(f"SELECT username FROM people WHERE {where.replace('%s', '?')}", values)
    names = sorted(name for (name,) in found)
    print(f"{text} -> {where} {values} -> {names}")
    return names


both = asked('userName eq "ada" or userName eq "bob" and active eq true')  # by the RFC: ada, and bob who is active
absent = asked("title eq null")
alike = asked('userName sw "b_b"')
try:
    asked('userName eq "the \\"boss\\""')
    sys.exit("a quote in a value is taken now")
except SCIMParserError as error:
    print(f"a quote in a value: {error}")
if both != ["bob"] or absent or alike != ["b-b", "bob"]:  # nobody is called b_b...
    sys.exit("filters are read otherwise now")
PYTHON
