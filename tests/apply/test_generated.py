"""Values that only an apply can make: planned as what they are, journalled before they are sent, made once."""

from __future__ import annotations

from reconciler.report.jsonform import dumps
from reconciler.report.text import render
from tests.support.world import MAPPINGS, World

GUID = "expression: 'Guid()', apply: create"


def mapped(world: World, *replaced: tuple[str, str]) -> World:
    text = MAPPINGS
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    world.write("apps/wiki/mappings.yaml", text)
    return world


def test_a_generated_value_is_planned_as_its_expression_and_made_by_the_apply(world: World) -> None:
    mapped(world, ("source: jobTitle", GUID))
    first, again = world.plan(), world.plan()
    (title,) = [a for a in first.changes[1].attributes if a.path == "title"]
    assert (title.after, title.generated) == (None, "Guid()") and first.digest == again.digest
    assert "title: made by Guid()" in render(first, lambda text, code: text)
    world.converge()
    titles = {world.find(name)["title"] for name in ("ada@x.org", "grace@x.org")}
    assert len(titles) == 2 and all(len(title) == 36 for title in titles)


def test_a_generated_value_is_journalled_before_it_is_sent(world: World) -> None:
    mapped(world, ("source: jobTitle", GUID))
    lines: list[dict[str, object]] = []
    keep, create = world.store.journal, world.client.create

    def sent(resource: str, body: dict[str, object]) -> dict[str, object]:
        if resource == "Users":
            assert {"title": body["title"]} in [line.get("generated") for line in lines]
        return create(resource, body)

    def note(*more: dict[str, object]) -> None:
        lines.extend(more)
        keep(*more)

    world.store.journal, world.client.create = note, sent  # type: ignore[method-assign]
    world.converge()
    assert sum("generated" in line for line in lines) == 2


def test_a_value_under_redact_is_written_and_shown_nowhere(world: World) -> None:
    mapped(world, ("source: jobTitle", "expression: 'Redact([jobTitle])'"))
    plan = world.plan()
    shown = render(plan, lambda text, code: text) + dumps([plan])
    assert "Engineer" not in shown and "[Redact]" in shown
    world.converge()
    assert world.find("ada@x.org")["title"] == "Engineer"
    assert "Engineer" not in b"".join(world.store.log_blocks()).decode()


def test_a_value_that_an_expression_cannot_work_out_is_an_error_for_that_object_alone(world: World) -> None:
    mapped(world, ("source: jobTitle", "expression: 'CDate([jobTitle])'"))
    plan = world.plan()
    assert [(e.address, e.code) for e in plan.errors] == [("User/ada@x.org", "InvalidValue")]
    assert len(plan.changes) == 3


def test_a_generated_password_is_sent_and_kept_nowhere(world: World) -> None:
    made = "expression: 'RandomString(16, 2, 2, 2, 2)', apply: create"
    mapped(world, ("target: title, source: jobTitle", f"target: password, {made}"))
    sent: list[str] = []
    lines: list[dict[str, object]] = []
    keep, create = world.store.journal, world.client.create

    def note(resource: str, body: dict[str, object]) -> dict[str, object]:
        sent.extend([str(body["password"])] if resource == "Users" else [])
        return create(resource, body)

    def journal(*more: dict[str, object]) -> None:
        lines.extend(more)
        keep(*more)

    world.client.create = note  # type: ignore[method-assign]
    world.store.journal = journal  # type: ignore[method-assign]
    result = world.apply()
    assert [outcome.status for outcome in result.outcomes] == ["done"] * 3 and world.plan().changes == ()
    assert len({*sent}) == 2 and all(len(value) == 16 for value in sent)
    kept = world.store.record_file.read_text() + b"".join(world.store.log_blocks()).decode() + str(lines)
    assert [value for value in sent if value in kept] == []


def test_a_password_that_is_never_shown_is_no_change_for_ever_and_not_called_ignored(world: World) -> None:
    mapped(world, ("target: title, source: jobTitle", "target: password, source: employeeId"))
    world.users('userPrincipalName: ada@x.org, employeeId: "Xy-7 pass"', "userPrincipalName: grace@x.org")
    result = world.apply()
    assert {outcome.status for outcome in result.outcomes} == {"done"} and world.plan().changes == ()
