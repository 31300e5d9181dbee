"""Codes of the shape of a declaration: keys, types and ranges, as the JSON Schemas say. Pure."""

from __future__ import annotations

from reconciler.codes.model import Code, Example
from reconciler.codes.samples import app, mappings

USERS, POLICIES = "directory/users/people.yaml", "policies/access.yaml"
SCHEMA = "`schemas/` holds the JSON Schema of each kind of file; an editor that reads it completes and checks while you type."

CODES = (
    Code(
        "unknown-key",
        "A key that has no meaning here",
        "The key is not one that this kind of file knows at this place. The nearest that it knows is named.",
        "A slip in a key must not be passed over: `expire:` would leave an access without an end.",
        f"Correct the key, or remove it. {SCHEMA}",
        Example(USERS, "users:\n  - userPrincipalName: ada@example.com\n    jobTitel: Engineer\n"),
    ),
    Code(
        "missing-key",
        "A key is missing",
        "Something that cannot be left out is not there.",
        "Nothing can be supposed in its place.",
        "Add the key that the message names.",
        Example("apps/wiki/assignments.yaml", "assignments:\n  - user: ada@example.com\n"),
    ),
    Code(
        "wrong-type",
        "A value of another type",
        "A list, a text, a number or a boolean is where another of them belongs. YAML is read as YAML 1.2: `yes` is a text.",
        "A value that is guessed can be the opposite of what was meant.",
        'Give the type that the message names. Digits that are a text need quotes: `"010"`.',
        Example(USERS, "users:\n  - userPrincipalName: ada@example.com\n    accountEnabled: yes\n"),
    ),
    Code(
        "not-one-of",
        "A value that is not one of those allowed",
        "The key takes one of a few words, and this is another.",
        "Nobody can tell which of them was meant.",
        "Use one of those that the message names.",
        Example("apps/wiki/app.yaml", app("provisioning: {status: paused}\n")),
    ),
    Code(
        "one-of",
        "One of several keys",
        "Of several keys exactly one must be there: an assignment names a user *or* a group, a mapping has a source, a "
        "constant, an expression *or* none.",
        "With two of them nobody knows which holds; with none there is nothing to do.",
        "Keep one of them, or add one.",
        Example("apps/wiki/assignments.yaml", "assignments:\n  - role: User\n"),
    ),
    Code(
        "schema-pattern",
        "A text of another form",
        "The text does not have the form that this key asks for; the message says which.",
        "What names something, such as a userPrincipalName or a digest, is compared letter by letter.",
        "Write it in the form that the message shows.",
        Example(USERS, 'users:\n  - userPrincipalName: "ada\\n@example.com"\n'),
    ),
    Code(
        "schema-minLength",
        "A text is empty",
        "This key needs at least one character.",
        "An empty name names nobody.",
        "Give a value, or leave the key out.",
        Example(USERS, "users:\n  - userPrincipalName: ''\n"),
    ),
    Code(
        "schema-maxLength",
        "A text is too long",
        "The text has more characters than this key takes.",
        "What receives it would cut or refuse it.",
        "Shorten it.",
        Example("apps/wiki/app.yaml", app(f"notification: {{email: [{'a' * 250}@example.com]}}\n")),
    ),
    Code(
        "schema-minItems",
        "A list is too short",
        "This list needs more items than it has.",
        "A scoping filter without clauses would let everybody in; a rule over one role alone can never be broken.",
        "Give more items, or leave the key out.",
        Example("apps/wiki/mappings.yaml", mappings(filters="[{clauses: []}]")),
    ),
    Code(
        "schema-uniqueItems",
        "A list has an item twice",
        "The items of this list are each there once.",
        "One of the two was most likely meant to be another.",
        "Keep one of the two, or correct the other.",
        Example(POLICIES, "policies:\n  - {name: apart, remedy: ask, separationOfDuties: [User, User]}\n"),
    ),
    Code(
        "schema-minProperties",
        "A mapping says too little",
        "Of several keys at least one must be there.",
        "Without one the rule would ask for nothing, and never be broken.",
        "Add one of the keys that the message names.",
        Example(POLICIES, "policies:\n  - {name: few, remedy: ask, holders: {role: User}}\n"),
    ),
    Code(
        "schema-minimum",
        "A number is too small",
        "The number is below what this key takes.",
        "A limit below nothing has no meaning.",
        "Give a whole number in the range that the message names.",
        Example("apps/wiki/app.yaml", app("safeguards: {accidentalDeletions: {count: -1}}\n")),
    ),
    Code(
        "schema-maximum",
        "A number is too large",
        "The number is above what this key takes.",
        "More than 100 percent of all accounts would switch a safeguard off without saying so.",
        "Give a whole number in the range that the message names.",
        Example("apps/wiki/app.yaml", app("safeguards: {accidentalDeletions: {percent: 200}}\n")),
    ),
    Code(
        "schema-const",
        "Only one value is allowed",
        "The key takes one value alone.",
        "`none: false` would say that a mapping gives nothing and does not.",
        "Write that value, or leave the key out.",
        Example("apps/wiki/mappings.yaml", mappings("{target: title, none: false}")),
    ),
    Code(
        "schema",
        "It does not fit the schema",
        "The value breaks a rule of the JSON Schema for which there are no words of its own.",
        "What the schema does not allow has no meaning.",
        "Read the description of that key in the schema of the file.",
        shown="a value that only one of the two validators refuses; none is known",
    ),
    Code(
        "date",
        "Not a day of the calendar",
        "`expires` is a day, written YYYY-MM-DD: the last one that counts, in UTC.",
        "An access whose end cannot be read would have none.",
        "Write a day that exists.",
        Example("apps/wiki/assignments.yaml", "assignments:\n  - {user: ada@example.com, role: User, expires: 2027-02-30}\n"),
    ),
)
