"""A company of N people: declarations in files of 500, and the same people as pre-serialised SCIM pages. Writes files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CITIES = ("Berlin", "Lisbon", "Osaka", "Quito", "Tartu")
DEPARTMENTS = ("Networks", "Sales", "Finance", "Research", "Support", "Legal", "People")
PER_FILE, PER_PAGE = 500, 100
BENCH = "urn:example:params:scim:schemas:extension:bench:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SWITCH = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
MAPPINGS = f"""mappings:
  users:
    attributes:
      - {{target: userName, source: userPrincipalName, matchingPrecedence: 1}}
      - {{target: externalId, source: id}}
      - {{target: active, expression: '{SWITCH}'}}
      - {{target: displayName, source: displayName}}
      - {{target: name.givenName, source: givenName}}
      - {{target: name.familyName, source: surname}}
      - {{target: title, source: jobTitle}}
      - {{target: 'emails[type eq "work"].value', source: mail}}
      - {{target: '{ENTERPRISE}:department', source: department}}
%s
  groups: {{enabled: false}}
"""
EXPRESSIONS = tuple(
    f"      - {{target: '{BENCH}:x{number}', expression: '{text}'}}\n"
    for number, text in enumerate((
        'Append([givenName], "!")', 'ToUpper([surname])', 'Join(" ", [givenName], [surname])', 'Left([department], 3)',
        'IIF([city] = "Berlin", "DE", "other")', 'Replace([mail], "@example.com", , , "@example.org", , )',
        'Switch([department], "none", "Sales", "S", "Legal", "L")', 'Coalesce([employeeId], [userPrincipalName])',
        'ToLower(Append([givenName], [surname]))', 'Mid([displayName], 1, 5)',
    ))
)  # fmt: skip


def person(number: int) -> dict[str, Any]:
    """One declared user."""
    name = f"user{number:06}"
    return {
        "userPrincipalName": f"{name}@example.com",
        "id": f"5f1c{number:012x}",
        "displayName": f"Person {number}",
        "givenName": f"Given{number % 997}",
        "surname": f"Family{number % 4999}",
        "mail": f"{name}@example.com",
        "department": DEPARTMENTS[number % 7],
        "jobTitle": f"Engineer {number % 37}",
        "employeeId": str(number),
        "city": CITIES[number % 5],
        "country": "Example",
        "companyName": "Example Ltd",
    }


def declare(root: Path, count: int, expressions: bool = False) -> None:
    """`desired/` under `root`: one app, users in files of 500, one assignments file."""
    users, app = root / "directory/users", root / "apps/bench"
    users.mkdir(parents=True)
    app.mkdir(parents=True)
    for start in range(0, count, PER_FILE):
        rows = [_row(person(number)) for number in range(start, min(start + PER_FILE, count))]
        (users / f"part{start // PER_FILE:04}.yaml").write_text("users:\n" + "".join(rows))
    rows = [f"  - {{user: user{number:06}@example.com, role: User}}\n" for number in range(count)]
    (app / "assignments.yaml").write_text("assignments:\n" + "".join(rows))
    (app / "mappings.yaml").write_text(MAPPINGS % ("".join(EXPRESSIONS) if expressions else ""))
    (app / "app.yaml").write_text(
        "app: bench\nadminCredentials: {tenantUrl: '${env:BENCH_URL}', secretToken: '${env:BENCH_TOKEN}'}\n"
    )


def _row(user: dict[str, Any]) -> str:
    first, *rest = (f"{key}: {json.dumps(value)}" for key, value in user.items())
    return f"  - {first}\n" + "".join(f"    {line}\n" for line in rest)


def pages(count: int, expressions: bool = False, alike: bool = False) -> list[bytes]:
    """The answers to GET /Users, of at most 100 each; one user in a hundred differs from the declaration, or all are `alike`."""
    found = []
    for start in range(0, count, PER_PAGE):
        items = [account(person(number), number, expressions, alike) for number in range(start, min(start + PER_PAGE, count))]
        found.append(
            json.dumps(
                {
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                    "totalResults": count,
                    "startIndex": start + 1,
                    "itemsPerPage": len(items),
                    "Resources": items,
                }
            ).encode()
        )
    return found


def as_stored(number: int, name: str | None = None) -> dict[str, Any]:
    """An account as a service has it, in sync but for its name, where another one is given."""
    found = {key: value for key, value in account(person(number), number).items() if key != "meta"}
    return found | {"displayName": name or person(number)["displayName"]}


def account(user: dict[str, Any], number: int, expressions: bool = False, alike: bool = False) -> dict[str, Any]:
    """A user as the service shows it."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "id": f"{number:032x}",
        "externalId": user["id"],
        "userName": user["userPrincipalName"],
        "active": True,
        "displayName": user["displayName"] if alike or number % 100 else "Somebody Else",
        "name": {"givenName": user["givenName"], "familyName": user["surname"]},
        "title": user["jobTitle"],
        "emails": [{"type": "work", "value": user["mail"], "primary": True}],
        ENTERPRISE: {"department": user["department"]},
        "meta": {"resourceType": "User", "created": "2026-01-01T00:00:00Z", "version": f'W/"{number}"'},
    } | ({BENCH: _worked_out(user)} if expressions else {})


def _worked_out(user: dict[str, Any]) -> dict[str, str]:
    """What the ten expressions come to."""
    values = (
        user["givenName"] + "!",
        user["surname"].upper(),
        f"{user['givenName']} {user['surname']}",
        user["department"][:3],
        "DE" if user["city"] == "Berlin" else "other",
        user["mail"].replace("@example.com", "@example.org"),
        {"Sales": "S", "Legal": "L"}.get(user["department"], "none"),
        user["employeeId"],
        (user["givenName"] + user["surname"]).lower(),
        user["displayName"][:5],
    )
    return {f"x{number}": value for number, value in enumerate(values)}
