"""Codes of a plan: who is skipped, what blocks, what cannot be planned. Pure."""

from __future__ import annotations

from reconciler.codes.model import Code, Example
from reconciler.codes.samples import mappings

USERS, ASSIGNMENTS = "directory/users/people.yaml", "apps/wiki/assignments.yaml"
ROLES, ADA = "apps/wiki/roles.yaml", "users:\n  - userPrincipalName: ada@example.com\n"

SKIPS = (
    Code(
        "AccountDisabled",
        "The person is disabled in the directory",
        "`accountEnabled` is false.",
        "An account that is in the record is disabled in the app; nobody gets a new one.",
        "Set `accountEnabled: true`, if the person should have access.",
        Example(USERS, ADA + "    accountEnabled: false\n  - userPrincipalName: grace@example.com\n"),
    ),
    Code(
        "NotAssigned",
        "Nothing assigns the person to the app",
        "Neither the person nor a group that the person is in is assigned, and the app's `provisioning.scope` is `assigned`.",
        "Most of a directory is skipped like this, which is as it should be.",
        "Assign the user, or a group that the user is in.",
        Example(ASSIGNMENTS, "assignments:\n  - {user: grace@example.com, role: User}\n"),
    ),
    Code(
        "AssignmentExpired",
        "Every assignment has expired",
        "`expires` is the last day that counts, in UTC, and of all assignments of the person it is over.",
        "The account is disabled as if the assignment were not there.",
        "Set a later `expires`, if the person should keep access.",
        Example(ASSIGNMENTS, "assignments:\n  - {user: ada@example.com, role: User, expires: 2020-01-31}\n"),
    ),
    Code(
        "RoleDisabled",
        "The role gives nothing",
        "The role that is assigned is disabled in `roles.yaml`, or not open to this kind of member.",
        "The line looks as if it gave access, and it gives none.",
        "Assign another role, or enable this one.",
        Example(ROLES, "roles:\n  - {value: user, displayName: User, enabled: false}\n"),
    ),
    Code(
        "DefaultAccessRole",
        "Default Access alone",
        "The person holds `Default Access` and no role; as in Entra that is not provisioned.",
        "It lets somebody sign in, and asks for no account.",
        "Assign a role of the app, or set `provisioning.defaultAccess: provision`.",
        Example(ASSIGNMENTS, "assignments:\n  - {user: ada@example.com, role: Default Access}\n"),
    ),
    Code(
        "OutOfScopingFilter",
        "No scoping filter lets the person in",
        "Filters are tried one after another; within one all clauses must hold, and none of them does.",
        "The account is disabled, or never made.",
        "Change the person's attributes or the filters; `reconcile explain USER` shows each clause.",
        Example(
            "apps/wiki/mappings.yaml",
            mappings(filters="[{clauses: [{attribute: department, operator: EQUALS, value: Networks}]}]"),
        ),
    ),
    Code(
        "MatchingAttributeEmpty",
        "Nothing to match by",
        "The source of each matching attribute is empty for this person.",
        "Which account is theirs is not clear, and a second one might be made.",
        "Give the source of the matching attribute a value.",
        Example(
            "apps/wiki/mappings.yaml",
            mappings().replace("userPrincipalName, matchingPrecedence: 1", "mail, matchingPrecedence: 1"),
        ),
    ),
    Code(
        "DuplicateSource",
        "Two people, one account",
        "Two users have the same value for a matching attribute, or match the same account.",
        "Each would change the other's account at every apply.",
        "Give each of the two a value of their own.",
        Example(
            "apps/wiki/mappings.yaml",
            mappings().replace("userPrincipalName, matchingPrecedence: 1", "companyName, matchingPrecedence: 1"),
        ),
    ),
)

APPROVE = (
    "Look at who is named. If it is intended, put the entry that the plan prints into `approvals.yaml` and have it reviewed."
)
SAFEGUARDS = (
    Code(
        "accidentalDeletions",
        "Many lose their access at once",
        "More people are disabled, deleted or stripped of a role, within 24 hours, than `safeguards.accidentalDeletions` allows.",
        "A file that went missing looks like a department that left.",
        APPROVE,
        shown="a pull request that removes the file of a department of 30 people",
    ),
    Code(
        "groupMembership",
        "A group is emptied",
        "A larger share of a group's known members leaves it than `safeguards.groupMembership` allows.",
        "What the group gives goes with it.",
        APPROVE,
        shown="a group of 20 people whose `members` are reduced to 5",
    ),
    Code(
        "identity",
        "Many accounts become somebody else's",
        "More accounts get another userName, externalId, e-mail or matching value than `safeguards.identity` allows.",
        "A wrong mapping can hand accounts to other people.",
        APPROVE,
        shown="`{target: userName, source: mail}` instead of userPrincipalName, for 500 people",
    ),
    Code(
        "empty",
        "Far fewer than the record knows",
        "The service shows, or the declaration asks for, fewer than half of the accounts that the record holds.",
        "A service that answers with half of a list, or a declaration that was not checked out, is an accident.",
        "See what the service answers (`reconcile test-connection`) and what is declared (`reconcile validate`). " + APPROVE,
        shown="a service that returns an empty list after a migration",
    ),
    Code(
        "protected",
        "A protected account would be changed",
        "An account that `safeguards.protected` names would be disabled, deleted, renamed or stripped of a role.",
        "It is what lets you in when all else fails.",
        "Keep it declared and assigned. To end its protection, apply a change that removes only the protection. "
        "No approval lifts this safeguard.",
        shown="a pull request that removes the assignment of breakglass@example.com, who is protected",
    ),
    Code(
        "lockout",
        "Too few would be left",
        "After the plan fewer active people than `minimumActive` hold the role of `safeguards.lockout`, or the account whose "
        "token is used would change.",
        "Nobody could administer the app.",
        "Give the role to somebody else first, and apply that. No approval lifts this safeguard.",
        shown="`lockout: {role: Admin, minimumActive: 2}`, and one of two administrators leaves",
    ),
    Code(
        "budget",
        "The apply is larger than it may be",
        "It would send more requests, take more minutes at the service's rate, or cost more than `safeguards.budget` allows.",
        "A mapping that changes by one letter can write to everybody, and a service may take hours for it or bill each request.",
        "Apply a part of it (`--only`), raise the budget, or approve the plan. Who is disabled or deleted does not wait for it: "
        "those changes pass alone.",
        shown="`budget: {requests: 2}`, and a change that updates three accounts",
    ),
    Code(
        "policies",
        "A policy is broken",
        "What the plan would leave breaks a rule of `policies/` that was not broken before.",
        "The rule describes what must not happen.",
        "Do what the policy's own remedy says. " + APPROVE,
        shown="`separationOfDuties: [Admin, Auditor]`, and one person gets both",
    ),
)

ERRORS = (
    Code(
        "NotAnswered",
        "The service did not answer for one account",
        "An account of the record is missing from the list, and asking for it by its id gave neither the account nor that it "
        "is gone.",
        "What is unknown is never taken for gone, so nothing is planned for this one; the rest is.",
        "Try again; where it stays so, ask the service's vendor, or see what the token may read.",
        shown="a service that answers 500 for one account",
    ),
    Code(
        "IdentityChanged",
        "The name is another person's now",
        "The `id` that is declared for this name is not the one that the record has for it, and no `previously` explains that.",
        "A new person would inherit the account of the one before.",
        "Remove the first person's account, or declare that one's new name with `previously`.",
        shown="`ada@example.com` with `id: 77aa`, where the record has `id: 5f1c`",
    ),
    Code(
        "NameInUse",
        "Another account has the new name",
        "Somebody is renamed to a name that another account still has.",
        "The service would refuse it, or two accounts would have one name.",
        "Apply the rest first; where the other account stays, delete it on the service.",
        shown="ada@example.com becomes grace@example.com while Grace's old account is there",
    ),
    Code(
        "DuplicateTargetEntries",
        "Several accounts match one person",
        "More than one account on the service has the value that accounts are matched by.",
        "Which of them is the person's is not clear.",
        "Remove the surplus accounts on the service, or match by another attribute.",
        shown="two accounts with the same e-mail, where accounts are matched by e-mail",
    ),
    Code(
        "InvalidValue",
        "A value that cannot be used",
        "A mapping's expression fails for one person, or its result does not fit the attribute; in a log or a status: the "
        "service refuses a value of the object (HTTP 400).",
        "Nothing is written for this one; the rest is.",
        "Fix the person's attribute or the expression; `reconcile eval --user USER` shows each call.",
        shown='`DateTime` functions over an `employeeHireDate` of "soon"',
    ),
    Code(
        "Rotation",
        "Values that are exchanged",
        "Two or more accounts take unique values from one another.",
        "No order of requests does it: each is refused while the other has the value.",
        "Do it in two steps: give one of them another value first.",
        shown="Ada and Grace exchange their userNames",
    ),
    Code(
        "RoleNotMapped",
        "A role should end, and nothing takes it away",
        "A role is no longer given, and the mapping that carried roles is gone.",
        "The person keeps it on the service.",
        "Map the attribute again; or take it away by hand and run `reconcile record forget ADDRESS`.",
        shown="the mapping of `roles` was removed, and then an assignment",
    ),
)
