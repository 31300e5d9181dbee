"""Codes of names: who and what a declaration refers to. Pure."""

from __future__ import annotations

from reconciler.codes.model import Code, Example
from reconciler.codes.samples import app, mappings

USERS, GROUPS, POLICIES = "directory/users/people.yaml", "directory/groups/teams.yaml", "policies/access.yaml"
ASSIGNMENTS = "apps/wiki/assignments.yaml"

CODES = (
    Code(
        "unknown-user",
        "Nobody of this name is declared",
        "A userPrincipalName is used that no file below `directory/users` declares. Case makes no difference.",
        "A slip would take the access of somebody and give it to nobody.",
        "Correct the name (the nearest that is declared is named), or declare the user.",
        Example(ASSIGNMENTS, "assignments:\n  - {user: adda@example.com, role: User}\n"),
    ),
    Code(
        "unknown-group",
        "No group of this name is declared",
        "A group's displayName is used that no file below `directory/groups` declares.",
        "A slip would take the access of all who are in the group.",
        "Correct the name, or declare the group.",
        Example(ASSIGNMENTS, "assignments:\n  - {group: Netwerk, role: User}\n"),
    ),
    Code(
        "unknown-role",
        "No role of this name is declared",
        "A role is used by a displayName that the app's `roles.yaml` does not hold. An app without that file has the one role "
        "`User`; `Default Access` is built in everywhere.",
        "An access without a role, or with another one, is not what was reviewed.",
        "Correct the name, or declare the role in `roles.yaml`.",
        Example(ASSIGNMENTS, "assignments:\n  - {user: ada@example.com, role: Owner}\n"),
    ),
    Code(
        "login-account-group",
        "A login account group in which the role is not given",
        "`loginAccountGroup` names an account group that is not among the role's `accountGroups`.",
        "ThousandEyes lets nobody enter an account group in which they have no role.",
        "Add it to `accountGroups`, or name one of them.",
        Example(
            "apps/wiki/roles.yaml",
            "roles:\n  - value: admin\n    displayName: Admin\n    thousandeyes: {role: Organization Admin, "
            "accountGroups: [Production], loginAccountGroup: Staging}\n",
        ),
    ),
    Code(
        "unknown-app",
        "No app of this name is declared",
        "A policy names an app that has no folder below `apps/`.",
        "The policy would watch over nothing.",
        "Correct the name, or remove it.",
        Example(POLICIES, "policies:\n  - {name: few, remedy: ask, apps: [wikki], holders: {role: User, maximum: 2}}\n"),
    ),
    Code(
        "unknown-protected",
        "Protected, and not declared",
        "`safeguards.protected` names somebody whom no file declares (a warning).",
        "Only an account that the record knows by this name is protected. After a slip the account that was meant is not.",
        "Correct the name, or declare the user.",
        Example("apps/wiki/app.yaml", app("safeguards: {protected: [breakglas@example.com]}\n")),
    ),
    Code(
        "duplicate",
        "The same is declared twice",
        "Two declarations describe the same thing: a user, a group, a role, an assignment, a file, or the target of a mapping.",
        "Which of the two holds is not clear, and who removes one of them believes that it is gone.",
        "Keep one of the two; the message names both places.",
        Example(USERS, "users:\n  - userPrincipalName: ada@example.com\n  - userPrincipalName: Ada@example.com\n"),
    ),
    Code(
        "duplicate-id",
        "Two users, or two groups, with one id",
        "An `id` is what survives a rename, so it is one person's alone.",
        "Both would match the same account.",
        "Give each its own id.",
        Example(
            USERS,
            "users:\n  - {userPrincipalName: ada@example.com, id: 5f1c}\n  - {userPrincipalName: grace@example.com, id: 5f1c}\n",
        ),
    ),
    Code(
        "duplicate-member",
        "A member is listed twice",
        "A group lists the same member two times (a warning).",
        "Who removes one of the two lines has not removed the person.",
        "Keep one of the two.",
        Example(GROUPS, "groups:\n  - {displayName: Network, members: [ada@example.com, Ada@example.com]}\n"),
    ),
    Code(
        "group-cycle",
        "Groups are members of one another",
        "A group is, over others, a member of itself.",
        "Who is in it has no answer that all services agree on.",
        "Break the cycle: take one of the groups out of another.",
        Example(
            GROUPS,
            "groups:\n  - {displayName: Network, members: [{group: Staff}]}\n"
            "  - {displayName: Staff, members: [{group: Network}]}\n",
        ),
    ),
    Code(
        "previously-taken",
        "An earlier name belongs to somebody else now",
        "`previously` names a user, or a group, that another declaration has.",
        "One account could be taken for the other's.",
        "Give both an `id`, or remove the earlier name.",
        Example(
            USERS,
            "users:\n  - {userPrincipalName: ada@example.com, previously: [grace@example.com]}\n"
            "  - userPrincipalName: grace@example.com\n",
        ),
    ),
    Code(
        "app-name",
        "The folder and the app have two names",
        "`app:` in `app.yaml` is not the name of its folder.",
        "The record is kept by the app's name: under another one it would be empty.",
        "Give both one name.",
        Example("apps/wiki/app.yaml", app(name="blog")),
    ),
    Code(
        "looks-alike",
        "Two names look the same",
        "A name is drawn like another one, and is made of other characters (a warning).",
        "A reviewer cannot see who is given access.",
        "Make sure that it is somebody else, or give it a name that does not look like it.",
        Example(USERS, "users:\n  - userPrincipalName: ada@example.com\n  - userPrincipalName: аda@example.com\n"),
    ),
    Code(
        "mixed-scripts",
        "A name mixes scripts",
        "A word in a name has letters of several scripts, such as Latin and Cyrillic (a warning).",
        "It may be made to look like another name.",
        "Write each word in one script, or make sure of what it says.",
        Example(USERS, "users:\n  - userPrincipalName: ada@example.com\n  - userPrincipalName: grаce.h@example.com\n"),
    ),
    Code(
        "role-disabled",
        "An assignment of a role that is disabled",
        "The role has `enabled: false` in `roles.yaml`, so the assignment gives it to nobody (a warning).",
        "The file looks as if it gave access, and it gives none.",
        "Remove the assignment, or `enabled: false` from the role.",
        shown="`roles: [{value: user, displayName: User, enabled: false}]` and an assignment of User",
    ),
    Code(
        "expired-already",
        "A new assignment that has ended already",
        "An assignment was added whose `expires` is in the past (a warning). New is what the commit that was applied last, else "
        "the one before the change, does not have.",
        "The file looks as if it gave access, and it gives none: often the year is wrong.",
        "Set `expires` to a day to come, or remove the assignment.",
        Example(ASSIGNMENTS, "assignments:\n  - {user: ada@example.com, role: User, expires: 2020-01-31}\n"),
    ),
    Code(
        "role-member-type",
        "An assignment of a role to whom it is not open",
        "The role's `allowedMemberTypes` leave out users, or groups, and the assignment is to one (a warning).",
        "The file looks as if it gave access, and it gives none.",
        "Assign it to the other kind, or add the kind to `allowedMemberTypes`.",
        shown="`roles: [{value: user, displayName: User, allowedMemberTypes: [Group]}]` and a user who is assigned it",
    ),
    Code(
        "minimum-over-maximum",
        "At least more than at most",
        "A policy asks for more holders of a role than it allows.",
        "It would be broken always.",
        "Exchange the two.",
        Example(POLICIES, "policies:\n  - {name: few, remedy: ask, holders: {role: User, minimum: 3, maximum: 2}}\n"),
    ),
    Code(
        "roles-of-several-apps",
        "Roles that no one app has",
        "A policy names roles of which no app has all, and each app is looked at alone.",
        "It could never be broken.",
        "Name roles of one app, and write a rule for each app.",
        shown="`separationOfDuties: [Admin, Editor]` where one app has Admin and another Editor",
    ),
    Code(
        "policy",
        "A policy is broken",
        "What is declared breaks a rule of `policies/` (a warning here, and in a plan where it was so before; "
        "else the safeguard `policies` blocks the plan).",
        "The rule describes what must not happen in this app.",
        "Do what the policy's own remedy says.",
        Example(POLICIES, "policies:\n  - {name: nobody, remedy: ask the owner, holders: {role: User, maximum: 0}}\n"),
    ),
    Code(
        "unknown-source",
        "An attribute that users, or groups, do not have",
        "A mapping or an expression takes its value from an attribute that is not among those of the directory.",
        "It would give nobody a value, and take away those that are there.",
        "Correct the name; attributes of your own go into `extensionAttributes` and are `extensionAttributes.NAME`.",
        Example("apps/wiki/mappings.yaml", mappings("{target: title, source: jobTitel}")),
    ),
)
