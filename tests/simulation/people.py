"""A directory as a seed makes it and changes it, as YAML, and what it must lead to, worked out here on its own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

TITLES, NAMES = (None, "Engineer", "Chief", "Ünï"), ("Ada", "Grace", "a`|<b>", "Ada L.")


@dataclass
class Person:
    name: str
    id: str | None
    earlier: list[str] = field(default_factory=list)
    title: str | None = None
    shown: str | None = "Ada"
    manager: int | None = None
    declared: bool = True
    enabled: bool = True
    assigned: bool = True
    admin: bool = False


@dataclass
class Team:
    name: str
    earlier: list[str] = field(default_factory=list)
    members: set[int] = field(default_factory=set)
    declared: bool = True
    assigned: bool = True


class Directory:
    """People and teams by number."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.people: list[Person] = []
        self.teams: list[Team] = []
        for _ in range(random.randint(2, 5)):
            self._join()
        for _ in range(random.randint(0, 2)):
            self._found()

    # What may happen to it

    def change(self) -> str:
        """One thing is changed; returns its name."""
        name = self.random.choice(
            (
                "join",
                "leave",
                "enable",
                "assign",
                "promote",
                "title",
                "shown",
                "manager",
                "rename",
                "found",
                "disband",
                "member",
                "member",
                "appoint",
                "retitle",
            )
        )
        getattr(self, f"_{name}")()
        return name

    def _one(self) -> Person:
        return self.random.choice(self.people)

    def _join(self) -> None:
        number = len(self.people)
        self.people.append(
            Person(
                f"p{number}@x.org",
                f"id-{number}" if self.random.random() < 0.5 else None,
                assigned=self.random.random() < 0.8,
                title=self.random.choice(TITLES),
            )
        )

    def _leave(self) -> None:
        number = self.random.randrange(len(self.people))
        self.people[number].declared = not self.people[number].declared
        for person in self.people:
            person.manager = None if person.manager == number else person.manager
        for team in self.teams:
            team.members.discard(number)

    def _enable(self) -> None:
        person = self._one()
        person.enabled = not person.enabled

    def _assign(self) -> None:
        person = self._one()
        person.assigned = not person.assigned

    def _promote(self) -> None:
        person = self._one()
        person.admin = not person.admin

    def _title(self) -> None:
        self._one().title = self.random.choice(TITLES)

    def _shown(self) -> None:
        self._one().shown = self.random.choice(NAMES)

    def _manager(self) -> None:
        boss = self.random.randrange(len(self.people))
        self._one().manager = boss if self.people[boss].declared else None

    def _rename(self) -> None:
        person = self._one()
        person.earlier.append(person.name)
        person.name = f"{person.name.split('@')[0].split('-')[0]}-{len(person.earlier)}@x.org"

    def _found(self) -> None:
        self.teams.append(Team(f"Team {len(self.teams)}", members={n for n in range(len(self.people)) if self._may_join(n)}))

    def _may_join(self, number: int) -> bool:
        return self.people[number].declared and self.random.random() < 0.5

    def _disband(self) -> None:
        if self.teams:
            team = self.random.choice(self.teams)
            team.declared = not team.declared

    def _member(self) -> None:
        number = self.random.randrange(len(self.people))
        if self.teams and self.people[number].declared:
            self.random.choice(self.teams).members ^= {number}

    def _appoint(self) -> None:
        if self.teams:
            team = self.random.choice(self.teams)
            team.assigned = not team.assigned

    def _retitle(self) -> None:
        if self.teams:
            team = self.random.choice(self.teams)
            team.earlier.append(team.name)
            team.name = f"{team.name.split('-')[0].strip()} -{len(team.earlier)}"

    # As it is declared

    def files(self) -> dict[str, str]:
        """Path below desired/ -> text."""
        users = [self._user(p) for p in self.people if p.declared]
        groups = [
            {
                "displayName": t.name,
                "members": [self.people[n].name for n in sorted(t.members)],
                **({"previously": t.earlier} if t.earlier else {}),
            }
            for t in self.teams
            if t.declared
        ]
        assigned: list[dict[str, Any]] = [{"group": t.name, "role": "User"} for t in self.teams if t.declared and t.assigned]
        for person in (p for p in self.people if p.declared):
            assigned += [{"user": person.name, "role": "User"}] if person.assigned else []
            assigned += [{"user": person.name, "role": "Admin"}] if person.admin else []
        return {
            "directory/users/a.yaml": json.dumps({"users": users}),
            "directory/groups/a.yaml": json.dumps({"groups": groups}),
            "apps/wiki/assignments.yaml": json.dumps({"assignments": assigned}),
        }

    def _user(self, person: Person) -> dict[str, Any]:
        found = {
            "userPrincipalName": person.name,
            "id": person.id,
            "previously": person.earlier or None,
            "jobTitle": person.title,
            "displayName": person.shown,
            "accountEnabled": person.enabled,
            "manager": None if person.manager is None else self.people[person.manager].name,
        }
        return {key: value for key, value in found.items() if value is not None}

    # What it must lead to

    def in_scope(self) -> dict[str, Person]:
        """Who must have an active account, by name."""
        through = {n for t in self.teams if t.declared and t.assigned for n in t.members}
        return {
            p.name: p for n, p in enumerate(self.people) if p.declared and p.enabled and (p.assigned or p.admin or n in through)
        }

    def wanted_teams(self) -> dict[str, set[str]]:
        """Which groups must be there, and who of those in scope must be in them."""
        scope = self.in_scope()
        return {t.name: {self.people[n].name for n in t.members} & scope.keys() for t in self.teams if t.declared and t.assigned}
