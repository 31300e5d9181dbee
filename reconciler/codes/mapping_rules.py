"""Codes of attribute mappings, expressions and scoping filters. Pure."""

from __future__ import annotations

from reconciler.codes.model import Code, Example
from reconciler.codes.samples import mappings

MAPPINGS = "apps/wiki/mappings.yaml"

CODES = (
    Code(
        "no-matching-attribute",
        "Nothing to match accounts by",
        "No mapping has a `matchingPrecedence`.",
        "Without one the account that a person has already cannot be found, and a second one would be created.",
        "Give the attribute that identifies an account `matchingPrecedence: 1`; most often that is userName.",
        Example(MAPPINGS, "mappings:\n  users:\n    attributes:\n      - {target: userName, source: userPrincipalName}\n"),
    ),
    Code(
        "duplicate-precedence",
        "Two matching attributes of one precedence",
        "Two mappings have the same `matchingPrecedence`.",
        "Which of them is asked first would be chance.",
        "Give each its own; the lowest is tried first.",
        Example(MAPPINGS, mappings("{target: externalId, source: id, matchingPrecedence: 1}")),
    ),
    Code(
        "users-disabled",
        "The mapping of users is switched off",
        "`enabled: false` is for groups alone.",
        "Without a mapping of users nothing is known of any account.",
        "Say `targetObjectActions: []`, or `provisioning: {status: off}` in `app.yaml`.",
        Example(MAPPINGS, mappings().replace("  users:\n", "  users:\n    enabled: false\n")),
    ),
    Code(
        "target-path",
        "The target is not a SCIM path",
        "`target` is not a path as RFC 7644 writes it.",
        "No service would know where the value goes.",
        'Write, for example, `name.givenName`, `emails[type eq "work"].value` or a URN with `:attribute` at its end.',
        Example(MAPPINGS, mappings("{target: 'emails[type', source: mail}")),
    ),
    Code(
        "target",
        "The target cannot take this value",
        "The service sets this attribute itself, or it holds another kind of value: several, one, parts, members.",
        "The service would refuse it, or keep something else.",
        "Map another attribute, or the part of this one that is meant; the message says which.",
        Example(MAPPINGS, mappings("{target: id, source: employeeId}")),
    ),
    Code(
        "unknown-target",
        "RFC 7643 does not know this attribute",
        "The target is not one of the standard's, and looks like a slip of one that is (a warning).",
        "Most services pass over what they do not know without a word.",
        "Correct it; where the service does have it, leave it as it is.",
        Example(MAPPINGS, mappings("{target: displayNam, source: displayName}")),
    ),
    Code(
        "not-stored",
        "The service does not store what accounts are matched by",
        "The profile says that this kind of service stores only some attributes, and the matching attribute is not one of them.",
        "No account would be found again, so each apply would create everybody once more.",
        "Give `matchingPrecedence` to an attribute that it stores, such as userName.",
        shown="`matchingPrecedence: 1` on externalId alone, with a profile whose `stored` does not list it",
    ),
    Code(
        "expression",
        "An expression cannot be read",
        "It has a mistake in its form, calls a function that does not exist, or gives a function too few or too many values.",
        "The attribute would have no value.",
        "The message points at the place; `reconcile eval EXPRESSION` shows what each call gives.",
        Example(MAPPINGS, mappings("{target: title, expression: 'Upper([jobTitle])'}")),
    ),
    Code(
        "no-default-domain",
        "DefaultDomain() without a domain",
        "An expression calls DefaultDomain(), and `reconciler.yaml` does not name the tenant's domain.",
        "The value would be empty.",
        "Write `defaultDomain: example.com` in `reconciler.yaml`.",
        Example(MAPPINGS, mappings("{target: title, expression: 'DefaultDomain()'}")),
    ),
    Code(
        "generated-value",
        "A value that is new each time",
        "Guid(), Now() and RandomString() give another value at each call.",
        "The account would change for ever, or could not be matched.",
        "Add `apply: create`, so that the value is made once.",
        Example(MAPPINGS, mappings("{target: externalId, expression: 'Guid()'}")),
    ),
    Code(
        "scoping-filter",
        "A clause of a scoping filter means nothing",
        "The operator does not go with the attribute or the value: a value is missing or superfluous, is not a number, is not a "
        "regular expression, or the attribute holds several values.",
        "A clause that holds for nobody would disable everybody.",
        "Correct the clause; the message says what the operator takes.",
        Example(MAPPINGS, mappings(filters="[{clauses: [{attribute: department, operator: EQUALS}]}]")),
    ),
    Code(
        "cannot-disable",
        "Nobody can be disabled",
        "No mapping gives `active: false` for somebody out of scope, or the service ignores `active` (a warning).",
        "Accounts of those who leave stay active.",
        'Map `active` from `Switch([IsSoftDeleted], , "False", "True", "True", "False")`, or set `delete` or `retain` in '
        "`deprovisioning`.",
        Example(
            MAPPINGS,
            "mappings:\n  users:\n    attributes:\n"
            "      - {target: userName, source: userPrincipalName, matchingPrecedence: 1}\n",
        ),
    ),
    Code(
        "no-longer-mapped",
        "An attribute that grants access is no longer mapped",
        "A commit before this one mapped roles or members, and this one does not (a warning).",
        "People keep on the service what the mapping gave them; nothing takes it away.",
        "Keep the mapping, or take the roles away before it goes.",
        shown="a commit that removes the mapping of `roles`",
    ),
    Code(
        "loosened",
        "A safeguard is looser than before",
        "A change raises a limit, switches a safeguard or a policy off, or keeps accounts that were disabled before (a warning).",
        "What would have been stopped is no longer stopped.",
        "Make sure that it is intended.",
        shown="a commit that raises `accidentalDeletions: {count: 10}` to 500",
    ),
)
