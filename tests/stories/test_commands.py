"""The commands as processes, against real services: exit codes, streams, saved plans, bad services, the token."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import pytest
from jsonschema import Draft202012Validator

from reconciler.cli.main import COMMANDS, cli
from reconciler.declare.urls import url_problem
from reconciler.declare.yaml.core_schema import scalar
from reconciler.plan.notices import NO_RECORD
from tests.plan_files import resealed
from tests.support.servers import (
    APP,
    COMMAND,
    ROOT,
    TOKEN,
    Answer,
    Call,
    Desk,
    Ran,
    answer,
    ended,
    free_port,
    front,
    page,
    scim_server,
)

APPLY = ("apply", "--auto-approve")


@pytest.fixture(scope="module")
def services() -> Iterator[str]:
    with scim_server() as url:
        yield url


@pytest.fixture
def desk(services: str, tmp_path: Path) -> Desk:
    """A desk with an empty service of its own."""
    return Desk(tmp_path, f"{services}/{uuid4().hex}/v2")


def clear(ran: Ran, *words: str, code: int = 1) -> None:
    """One error that says what is wrong and what to do next."""
    assert ran.code == code, ran
    lines = ran.err.splitlines()
    at = [number for number, line in enumerate(lines) if line.startswith("Error: ")]
    assert len(at) == 1 and lines[at[0] + 1].strip(), ran.err
    assert all(word in ran.err for word in words), ran.err
    assert max(map(len, lines)) < 1000


# Exit codes


def test_validate_ends_with_0_or_1(desk: Desk) -> None:
    assert desk.reconcile("validate", fresh=True).code == 0
    desk.people("ada@x.org, jobTitel: Engineer", "grace@x.org")
    ran = desk.reconcile("validate")
    assert ran.code == 1 and "desired/directory/users/a.yaml:2:36" in ran.out and "did you mean 'jobTitle'?" in ran.out


def test_a_plan_ends_with_2_only_where_that_was_asked_for(desk: Desk) -> None:
    assert desk.reconcile("plan").code == 0
    assert desk.reconcile("plan", "--detailed-exitcode", fresh=True).code == 2
    assert desk.reconcile(*APPLY, fresh=True).code == 0
    ran = desk.reconcile("plan", "--detailed-exitcode")
    assert ran.code == 0 and "No changes. wiki matches the declaration." in ran.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("apply",), "--auto-approve"), (("plan", "--fromat", "json"), "--format"), (("plan", "--app", "wikki"), "'wiki'"),
     (("apply", "--auto-approve", "--app", "wikki"), "'wiki'"), (("test-connection", "--app", "wikki"), "'wiki'"),
     (("validate", "--app", "wikki"), "'wiki'"), (("plna",), "plan"), ((), "New here"), (("plan", "--out", "."), "--out"),
     (("apply", "missing.json"), "missing.json"), (("plan", "--only", "ada@x.org"), "User/ada@x.org")],
)  # fmt: skip
def test_wrong_usage_ends_with_64_and_says_what_is_right(desk: Desk, arguments: tuple[str, ...], word: str) -> None:
    ran = desk.reconcile(*arguments)
    assert (ran.code, ran.out) == (64, "") and word in ran.err


@pytest.mark.parametrize(("command", "words"), [
    (("plan",), (": GET /Users?startIndex=1&count=", "asks to wait 24 h: run again then")),
    (APPLY, ("asks to wait 24 h: run again then",)),
    (("test-connection",), ()),
])  # fmt: skip
def test_a_service_that_asks_for_a_day_is_not_waited_for(desk: Desk, command: tuple[str, ...], words: tuple[str, ...]) -> None:
    with front(lambda call: Answer(429, headers=(("Retry-After", "86400"),))) as server:
        ran = desk.reconcile(*command, WIKI_URL=server.url)
        assert ran.code == 1 and "asks to wait 24 h" in ran.out + ran.err and all(word in ran.err for word in words)


def test_a_second_apply_is_told_who_holds_the_lock(desk: Desk) -> None:
    folder = desk.folder / ".reconcile/wiki"
    folder.mkdir(parents=True)
    owner = {"pid": 7, "host": "build", "user": "grace", "command": "reconcile apply", "since": "2026-06-01T00:00:00Z"}
    with open(folder / "lock", "w+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        json.dump(owner, lock)
        lock.flush()
        clear(desk.reconcile(*APPLY), "grace@build", "2026-06-01T00:00:00Z", code=6)
        assert desk.reconcile("plan").code == 0  # a plan takes no lock
    ran = desk.reconcile(*APPLY)
    assert ran.code == 0 and "took over the lock of grace@build" in ran.err


def test_one_refused_object_fails_alone_and_the_next_run_does_the_rest(desk: Desk) -> None:
    refused = answer(409, {"status": "409", "scimType": "uniqueness", "detail": "that name is taken"})
    left = [refused]
    app = (desk.folder / "desired/apps/wiki/app.yaml").read_text(encoding="utf-8")
    desk.write("apps/wiki/app.yaml", app + "profile: {base: generic, rate: {concurrency: 1}}\n")  # ada's is the first POST

    def once(call: Call) -> Answer | None:
        return left.pop() if left and call.method == "POST" else None

    with front(once, desk.url.removesuffix("/v2")) as service:
        ran = desk.reconcile(*APPLY, WIKI_URL=service.url + "/v2")
        assert ran.code == 5
        assert re.search(r"failed +create User/ada@x.org: .*409 uniqueness: that name is taken", ran.out)
        assert "Applied 1 of 3 changes" in ran.out and len(desk.find("grace@x.org")) == 1
        again = desk.reconcile(*APPLY, WIKI_URL=service.url + "/v2")
        assert again.code == 0 and "done     create User/ada@x.org" in again.out
        assert "update Group/Net" in again.out


@pytest.mark.parametrize(("word", "code", "accounts"), [(b"n\n", 1, 0), (b"y\n", 0, 1)])
def test_an_apply_on_a_terminal_asks_with_the_plan_on_screen(desk: Desk, word: bytes, code: int, accounts: int) -> None:
    typed, terminal = pty.openpty()
    try:
        os.write(typed, word)
        ran = ended(desk.start("apply", stdin=terminal))
    finally:
        os.close(typed)
        os.close(terminal)
    assert ran.code == code and "+ create User/ada@x.org" in ran.out
    assert "Apply these changes?" in ran.err and "Apply these changes?" not in ran.out
    assert len(desk.find("ada@x.org")) == accounts


@pytest.mark.parametrize(("line", "code"), [("mode: manual", 1), ("status: off", 0)])
def test_a_manual_app_or_one_that_is_off_is_never_written(desk: Desk, line: str, code: int) -> None:
    file = desk.folder / "desired/apps/wiki/app.yaml"
    file.write_text(file.read_text(encoding="utf-8") + f"provisioning: {{{line}}}\n", encoding="utf-8")
    ran = desk.reconcile(*APPLY)
    assert ran.code == code and line.split()[1] in ran.err
    assert desk.find("ada@x.org") == []


@pytest.mark.parametrize(("line", "words"), [("mode: manual", "apply refuses"), ("status: off", "apply does nothing")])
@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_plan_of_an_app_that_is_not_written_says_so_and_promises_no_requests(
    desk: Desk, line: str, words: str, form: str
) -> None:
    file = desk.folder / "desired/apps/wiki/app.yaml"
    assert "requests" in desk.reconcile("plan", "--format", form).out
    file.write_text(file.read_text(encoding="utf-8") + f"provisioning: {{{line}}}\n", encoding="utf-8")
    ran = desk.reconcile("plan", "--format", form)
    assert ran.code == 0 and "create User/ada@x.org" in ran.out and words in ran.out and "requests" not in ran.out


def test_an_interrupt_while_a_service_hangs_ends_at_once_with_130(desk: Desk) -> None:
    asked, quiet = os.pipe()
    leave = os.pipe()

    def hang(call: Call) -> Answer:
        os.write(quiet, b"!")
        os.read(leave[0], 1)
        return page()

    with front(hang) as service:
        process = desk.start("plan", WIKI_URL=service.url)
        os.read(asked, 1)
        process.send_signal(signal.SIGINT)
        try:
            ran = ended(process)
        finally:
            for end in (leave[1], leave[0], asked, quiet):
                os.close(end)
    assert ran.code == 130 and "interrupted" in ran.err


# Streams


def test_stdout_holds_the_data_alone(desk: Desk) -> None:
    file = desk.folder / "desired/apps/wiki/app.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "safeguards: {protected: [nobody@x.org]}\n", encoding="utf-8")
    ran = desk.reconcile("plan", "--format", "json")
    document = json.loads(ran.out)
    Draft202012Validator(json.loads((ROOT / "schemas/plan.schema.json").read_text(encoding="utf-8"))).validate(document)
    assert [c["address"] for c in document["plans"][0]["changes"]] == ["Group/Net", "User/ada@x.org", "User/grace@x.org"]
    assert "app.yaml:3" in ran.err and "warning" in ran.err and "app.yaml:3" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("init",), 0),
        (("plan",), 0),
        (("plan", "--format", "json", "--detailed-exitcode"), 2),
        (("explain", "ada@x.org"), 0),
        (("nothing",), 64),
        (("--help",), 0),
        (APPLY, 0),
    ],
)
def test_a_reader_that_leaves_early_changes_nothing(desk: Desk, arguments: tuple[str, ...], code: int) -> None:
    """As in `reconcile plan | head -1`; an apply goes on to its end, and every exit code stays."""
    gone, end = os.pipe()
    os.close(gone)
    command = [sys.executable, *COMMAND, *arguments]
    ran = subprocess.run(command, cwd=desk.folder, env=desk.environ, stdout=end, stderr=subprocess.PIPE, text=True)
    both = subprocess.run(command, cwd=desk.folder, env=desk.environ, stdout=end, stderr=end)
    os.close(end)
    assert "roken pipe" not in ran.stderr and "Traceback" not in ran.stderr
    assert (ran.returncode, both.returncode) == (code, code)
    assert len(desk.find("ada@x.org")) == (arguments == APPLY)
    assert (desk.folder / ".github/actions/reconcile/action.yml").exists() is (arguments == ("init",))


@pytest.mark.parametrize(("arguments", "code"), [(("validate",), 1), (("plan", "--detailed-exitcode"), 2), (APPLY, 1)])
def test_output_without_room_is_said_and_stops_nothing(desk: Desk, arguments: tuple[str, ...], code: int) -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, *COMMAND, *arguments],
            cwd=desk.folder,
            env=desk.environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert "could not be written whole: No space left on device" in ran.stderr and "Traceback" not in ran.stderr
    assert ran.returncode == code and len(desk.find("ada@x.org")) == (arguments == APPLY)


def test_text_that_the_terminal_cannot_show_is_escaped(desk: Desk) -> None:
    desk.people("ada@x.org, displayName: Ada Łovelace", "grace@x.org")
    ran = desk.reconcile("plan", PYTHONIOENCODING="latin-1")
    assert ran.code == 0 and r"Ada \u0141ovelace" in ran.out
    (desk.folder / "desired/directory/users" / os.fsdecode(b"b\xff.yaml")).write_text("users: nobody\n", encoding="utf-8")
    for form in ("text", "json", "github"):
        assert desk.reconcile("validate", "--format", form).code == 1


# Saved plans


def saved(desk: Desk, *arguments: str) -> str:
    ran = desk.reconcile("plan", "--out", "plan.json", *arguments)
    assert ran.code == 0, ran
    return (desk.folder / "plan.json").read_text(encoding="utf-8")


def test_a_saved_plan_is_shown_and_applied_once(desk: Desk) -> None:
    text = saved(desk)
    assert desk.reconcile("show", "plan.json").out == desk.reconcile("plan").out
    assert desk.reconcile("show", "plan.json", "--format", "json").out == text
    markdown = desk.reconcile("show", "plan.json", "--format", "markdown").out
    assert markdown == desk.reconcile("plan", "--format", "markdown").out and "create User/ada@x.org" in markdown
    first = desk.reconcile("apply", "plan.json")
    assert first.code == 0 and "Applied 3 of 3 changes" in first.out
    again = desk.reconcile("apply", "plan.json")
    assert again.code == 0 and again.err.count("already done") == 3
    assert desk.reconcile("plan", "--detailed-exitcode").code == 0


def test_a_plan_that_has_become_stale_writes_nothing(desk: Desk) -> None:
    desk.seed("ada@x.org", title="Intern")
    saved(desk)
    desk.edit("ada@x.org", "title", "Chief")
    ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 4 and "User/ada@x.org" in ran.err and "title" in ran.err
    assert desk.find("grace@x.org") == [] and desk.find("ada@x.org")[0]["title"] == "Chief"


def test_what_came_after_the_review_is_listed_and_left(desk: Desk) -> None:
    saved(desk)
    desk.people("ada@x.org, jobTitle: Engineer", "grace@x.org", "alan@x.org")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}, {user: alan@x.org, role: User}]\n")
    ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 0 and "not in the reviewed plan: create User/alan@x.org" in ran.err
    assert desk.find("alan@x.org") == [] and len(desk.find("ada@x.org")) == 1


def test_a_plan_made_for_another_service_is_stale(desk: Desk, services: str) -> None:
    saved(desk)
    ran = desk.reconcile("apply", "plan.json", WIKI_URL=f"{services}/{uuid4().hex}/v2")
    held = json.loads((desk.folder / "plan.json").read_text())["plans"][0]["target"]["base_url"]
    assert ran.code == 4 and f"tenantUrl was {held} and is now {services}/${{env:WIKI_URL}}#" in ran.err


def test_a_plan_for_an_app_that_is_no_longer_declared_is_stale(desk: Desk) -> None:
    saved(desk)
    app = desk.folder / "desired/apps/wiki/app.yaml"
    app.write_text(app.read_text().replace("app: wiki", "app: wikki"), encoding="utf-8")
    app.parent.rename(app.parent.with_name("wikki"))
    ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 4 and "App/wiki" in ran.err


def test_one_stale_app_keeps_every_app_of_the_plan_unwritten(desk: Desk, services: str) -> None:
    other = Desk(desk.folder / "other", f"{services}/{uuid4().hex}/v2")
    desk.zoo(other.url)
    other.seed("ada@x.org", title="Intern")
    saved(desk)
    other.edit("ada@x.org", "title", "Chief")
    ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 4 and "zoo" in ran.err
    assert desk.find("ada@x.org") == [] and other.find("grace@x.org") == []


def test_a_digest_stands_for_the_review(desk: Desk) -> None:
    digest = json.loads(saved(desk))["plans"][0]["digest"]
    wrong = desk.reconcile("apply", "--digest", "sha256:" + "0" * 64)
    assert wrong.code == 4 and digest in wrong.err and desk.find("ada@x.org") == []
    assert desk.reconcile("apply", "--digest", digest).code == 0
    assert len(desk.find("ada@x.org")) == 1


@pytest.mark.parametrize("digest", ["sha256:00", "0" * 64, "sha256:" + "0" * 65, "sha256:" + "g" * 64, ""])
def test_what_is_no_digest_is_wrong_usage_before_anything_is_read(desk: Desk, digest: str) -> None:
    desk.write("directory/users/a.yaml", "users: nobody")
    ran = desk.reconcile("apply", "--digest", digest)
    assert (ran.code, ran.out) == (64, "") and "is not a digest: write sha256:" in ran.err and "a.yaml" not in ran.err


@pytest.mark.parametrize(("by", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_apply_by_digest_is_taken_up_by_the_same_digest(desk: Desk, by: signal.Signals, code: int) -> None:
    running: list[subprocess.Popen[bytes]] = []
    first = threading.Lock()  # requests come side by side, and a second signal would end it at once

    def stop(call: Call) -> None:
        if call.method == "POST" and len(service.writes) == 2 and first.acquire(blocking=False):
            running[0].send_signal(by)

    with front(stop, desk.url.removesuffix("/v2")) as service:
        desk.environ["WIKI_URL"] = service.url + "/v2"
        again = ("apply", "--digest", json.loads(saved(desk))["plans"][0]["digest"])
        running.append(desk.start(*again))
        ran = ended(running[0])
        assert ran.code == code and ("run the same command again" in ran.err) == (code == 130)
        desk.people("ada@x.org, jobTitle: Boss", "grace@x.org")
        moved = desk.reconcile(*again)
        assert moved.code == 4 and "is what is left" not in moved.err
        desk.people("ada@x.org, jobTitle: Engineer", "grace@x.org")
        done = desk.reconcile(*again)
        assert done.code == 0 and f"This is what is left of {again[2]}." in done.err
        assert desk.reconcile("plan", "--detailed-exitcode").code == 0
        done = desk.reconcile(*again)
        assert done.code == 0 and f"Nothing is left of {again[2]}." in done.err
        desk.people("ada@x.org, jobTitle: Boss", "grace@x.org")
        assert desk.reconcile(*again).code == 4
    assert [len(desk.find(name)) for name in ("ada@x.org", "grace@x.org")] == [1, 1]


def test_an_app_that_no_saved_plan_is_about_is_wrong_usage(desk: Desk) -> None:
    desk.zoo(desk.url)
    saved(desk, "--app", "wiki")
    for command in ("apply", "show"):
        ran = desk.reconcile(command, "plan.json", "--app", "zoo")
        assert (ran.code, ran.out) == (64, "") and "no plan of the app 'zoo' [UnknownName]\n    there are wiki" in ran.err
    assert desk.reconcile("apply", "plan.json", "--app", "wiki").code == 0


def test_a_file_without_a_plan_says_so(desk: Desk) -> None:
    (desk.folder / "plan.json").write_text('{"format_version": "1.0", "plans": []}', encoding="utf-8")
    for more in ((), ("--app", "wiki")):
        ran = desk.reconcile("apply", "plan.json", *more)
        assert ran.code == 0 and ran.err == "There is no plan in plan.json: nothing was written.\n"


def test_only_one_object_is_planned_and_written(desk: Desk) -> None:
    document = json.loads(saved(desk, "--only", "User/grace@x.org"))
    assert [c["address"] for c in document["plans"][0]["changes"]] == ["User/grace@x.org"]
    ran = desk.reconcile(*APPLY, "--only", "User/GRACE@x.org")
    assert ran.code == 0 and "Applied 1 of 1" in ran.out
    assert desk.find("ada@x.org") == [] and len(desk.find("grace@x.org")) == 1


@pytest.mark.parametrize("command", [("plan", "--detailed-exitcode"), APPLY])
def test_addresses_that_nobody_knows_are_a_wrong_use(desk: Desk, command: tuple[str, ...]) -> None:
    ran = desk.reconcile(*command, "--only", "User/adda@x.org", "--only", "Group/Zoologists")
    assert ran.code == 64 and ran.out == "" and "Group/Zoologists" in ran.err
    assert "\n    did you mean 'User/ada@x.org'?\n" in ran.err
    assert desk.find("ada@x.org") == []


def test_what_an_apply_takes_into_the_record_without_a_write_is_counted(desk: Desk) -> None:
    assert "into the record" not in desk.reconcile(*APPLY).out
    shutil.rmtree(desk.folder / ".reconcile")
    ran = desk.reconcile(*APPLY)
    assert ran.code == 0 and "Applied 0 of 0 changes to wiki. Took 2 accounts and 1 group into the record.\n" in ran.out
    assert "into the record" not in desk.reconcile(*APPLY).out


@pytest.mark.parametrize("command", [("plan",), APPLY])
def test_one_address_that_nobody_knows_among_others_is_a_wrong_use(desk: Desk, command: tuple[str, ...]) -> None:
    ran = desk.reconcile(*command, "--only", "User/adda@x.org", "--only", "User/ADA@x.org")
    assert ran.code == 64 and ran.out == "" and desk.find("ada@x.org") == []
    assert (
        "Error: nothing that is declared or recorded is called User/adda@x.org [UnknownName]\n    did you mean 'User/ada"
        in ran.err
    )


def test_an_address_that_one_apps_record_alone_knows_is_known(desk: Desk) -> None:
    assert desk.reconcile(*APPLY).code == 0
    desk.people("grace@x.org")
    desk.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")
    second(desk)
    ran = desk.reconcile("plan", "--only", "User/ada@x.org")
    assert ran.code == 0 and "disable User/ada@x.org" in ran.out
    assert "Warning: library: nothing that is declared or recorded is called User/ada@x.org" in ran.err
    assert "Warning: wiki: nothing" not in ran.err


def second(desk: Desk) -> None:
    """Another app with the same declarations and service."""
    shutil.copytree(desk.folder / "desired/apps/wiki", desk.folder / "desired/apps/library")
    desk.write("apps/library/app.yaml", APP.replace("app: wiki", "app: library"))


def test_a_warning_that_stands_outside_of_a_plan_names_its_app(desk: Desk) -> None:
    second(desk)
    saved(desk)
    ran = desk.reconcile("apply", "plan.json")
    assert {line for line in ran.err.splitlines() if "there is no record yet" in line} == {
        f"Warning: {app}: {NO_RECORD.words()}" for app in ("library", "wiki")
    }


def test_drift_alone_is_repaired_where_that_cause_was_asked_for(desk: Desk) -> None:
    assert desk.reconcile(*APPLY).code == 0
    desk.edit("ada@x.org", "title", "Intern")
    desk.people("ada@x.org, jobTitle: Engineer", "grace@x.org, jobTitle: Admiral")
    ran = desk.reconcile(*APPLY, "--cause", "drift")
    assert ran.code == 0 and "Applied 1 of 1" in ran.out
    assert desk.find("ada@x.org")[0]["title"] == "Engineer" and "title" not in desk.find("grace@x.org")[0]
    assert "update User/grace@x.org" in desk.reconcile("plan", "--cause", "config").out


def test_a_saved_plan_and_the_record_are_their_owners_alone(desk: Desk) -> None:
    assert desk.reconcile("plan", "--out", "plan.json", umask=0o027).code == 0
    assert desk.reconcile(*APPLY, umask=0o000).code == 0
    assert stat.S_IMODE((desk.folder / "plan.json").stat().st_mode) == 0o600
    files = [*(desk.folder / ".reconcile").rglob("*")]
    assert len(files) >= 3 and {stat.S_IMODE(f.stat().st_mode) & 0o077 for f in files} == {0}


def test_a_plan_that_lacks_an_app_is_not_saved(desk: Desk) -> None:
    ran = desk.reconcile("plan", "--out", "plan.json", WIKI_TOKEN="wrong")
    assert ran.code == 1 and "401" in ran.err and "plan.json" in ran.err
    assert not (desk.folder / "plan.json").exists()


# Where the token may go


def recorded(desk: Desk, base_url: str) -> None:
    folder = desk.folder / ".reconcile/wiki"
    folder.mkdir(parents=True)
    text = json.dumps({"version": 1, "app": "wiki", "base_url": base_url, "entries": {}, "under_way": []})
    (folder / "record.json").write_text(text, encoding="utf-8")


ELSEWHERE = {"RECONCILE_ALLOWED_ORIGINS": "https://wiki.example.com"}


@pytest.mark.parametrize(
    ("record", "environ"),
    [("https://wiki.example.com/v2", {}), (None, {"CI": "true"}), (None, {"GITHUB_EVENT_NAME": "pull_request"}),
     ("here", {"GITHUB_EVENT_NAME": "merge_group"}), ("here", {"GITHUB_EVENT_NAME": "pull_request", **ELSEWHERE}),
     (None, ELSEWHERE), ("https://[", {}), (None, {"RECONCILE_ALLOWED_ORIGINS": "https://["})],
)  # fmt: skip
def test_a_tenant_url_that_points_somewhere_new_gets_no_request(
    tmp_path: Path, record: str | None, environ: dict[str, str]
) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        if record:
            recorded(desk, service.url if record == "here" else record)
        clear(desk.reconcile("plan", **environ), "RECONCILE_ALLOWED_ORIGINS")
        assert service.connections == 0


def test_no_command_asks_an_origin_before_it_is_allowed(tmp_path: Path) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        desk.write("reconciler.yaml", f"record: {{backend: local, path: '{tmp_path}-kept'}}\n")
        for command in (APPLY, ("test-connection",)):
            clear(desk.reconcile(*command, CI="true"), "RECONCILE_ALLOWED_ORIGINS")
        assert service.connections == 0
        allowed = desk.reconcile("test-connection", CI="true", RECONCILE_ALLOWED_ORIGINS=f"https://x.org, {service.url}")
        assert allowed.code == 0 and service.connections > 0


def test_no_proxy_sees_what_is_meant_for_loopback(desk: Desk) -> None:
    with front(lambda call: page()) as proxy:
        ran = desk.reconcile("plan", HTTP_PROXY=proxy.url, http_proxy=proxy.url, ALL_PROXY=proxy.url)
        assert ran.code == 0 and proxy.connections == 0


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with front(lambda call: page()) as thief:
        moved = Answer(307, headers=(("Location", thief.url + "/Users"),))
        with front(lambda call: moved) as service:
            clear(Desk(tmp_path, service.url).reconcile(*APPLY), "307", "tenantUrl")
        assert thief.connections == 0


@pytest.mark.parametrize(
    "url", ["https://a b.org", "https://x.org\\@y.org", "https://x.org:port", "ftp://x.org", "https://t:u@x.org", "x",
            "http://x.org", "https://x\u200b.org", "https://x.org/\t", "https://x.org/v2?next=1", "https://x.org/v2#a"],
)  # fmt: skip
def test_a_tenant_url_that_is_none_is_told_apart(url: str) -> None:
    assert url_problem(url) and not url_problem("https://x.org:8443/scim/v2") and not url_problem("http://[::1]:80/v2")


def test_a_tenant_url_that_is_none_is_refused(tmp_path: Path) -> None:
    ran = Desk(tmp_path, "https://x.org\\@y.org").reconcile("plan", RECONCILE_ALLOWED_ORIGINS="https://x.org")
    clear(ran, "tenantUrl")


@pytest.mark.parametrize("reference", ["${file:absent}", "${file:.}", "${env:ABSENT}", "${env:ODD}"])
def test_a_token_that_cannot_be_had_is_one_clear_error_before_any_request(tmp_path: Path, reference: str) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        desk.write("apps/wiki/app.yaml", APP.replace("${env:WIKI_TOKEN}", reference))
        clear(desk.reconcile("plan", ODD="two words"), "secretToken of wiki")
        assert service.connections == 0


# The token in what is left behind


@pytest.fixture(scope="module", autouse=True)
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, subprocess.Popen[bytes]]]:
    """A plan of a service where nothing listens: its retries take seconds, while the other tests run."""
    desk = Desk(tmp_path_factory.mktemp("refused"), f"http://127.0.0.1:{free_port()}/v2")
    with desk.start("plan") as process:
        yield desk, process


def no_token(*texts: bytes) -> None:
    """Neither the token nor the better part of it."""
    for text in texts:
        assert TOKEN[:10].encode() not in text and TOKEN[-10:].encode() not in text


@pytest.mark.parametrize(
    "echo",
    [lambda call: answer(401, {"detail": f"refused: {call.authorization}", "status": "401"}),
     lambda call: answer(400, {"detail": {"sent": [call.authorization]}, "scimType": call.authorization}),
     lambda call: Answer(500, b"<html>" + b"x" * 170 + call.authorization.encode(), "text/html"),
     lambda call: Answer(200, call.authorization.encode(), "text/plain")],
    ids=["401", "400", "html", "200"],
)  # fmt: skip
def test_a_service_that_echoes_the_token_puts_it_nowhere(tmp_path: Path, echo: Any) -> None:
    with front(echo) as service:
        desk = Desk(tmp_path, service.url)
        for command in (APPLY, ("test-connection",)):
            ran = desk.reconcile(*command)
            assert ran.code == 1
            no_token(ran.out.encode(), ran.err.encode())
        assert all(call.authorization == f"Bearer {TOKEN}" for call in service.calls)
    no_token(desk.written())


def test_a_refused_write_that_echoes_the_token_puts_it_nowhere(desk: Desk) -> None:
    """The journal is looked at while the run is under way."""
    seen = []
    journal = desk.folder / ".reconcile/wiki/journal.jsonl"

    def echo(call: Call) -> Answer | None:
        seen.extend([journal.read_bytes(), desk.written()] if journal.exists() else ())
        detail = {"status": "409", "scimType": "uniqueness", "detail": f"taken, {call.authorization}"}
        return None if call.method == "GET" else answer(409, detail)

    with front(echo, desk.url.removesuffix("/v2")) as service:
        desk.environ["WIKI_URL"] = service.url + "/v2"
        saved(desk)
        ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 5 and "[token]" in ran.out
    assert b"User/ada@x.org" in seen[0] and b"provisioningAction" in desk.written()
    no_token(ran.out.encode(), ran.err.encode(), desk.written(), *seen)


# Services that cannot be trusted


def user(id: Any = "1", **attributes: Any) -> dict[str, Any]:
    return {"id": id, "userName": f"user{id}@x.org", **attributes}


def denied_later(call: Call) -> Answer:
    if "startIndex=1&" in call.query:
        return page(user("1"), user("2"), total=6)
    return answer(401, {"detail": "expired"})


BAD = {
    "html": (lambda call: Answer(200, b"<html>Sign in</html>", "text/html"), ["Sign in", "tenantUrl"]),
    "truncated": (lambda call: Answer(200, b'{"totalResults": 1, "Resources": [{"id": "1"'), ["not JSON"]),
    "array": (lambda call: answer(200, []), ["not a SCIM list"]),
    "no list": (lambda call: answer(200, {"ok": True}), ["not a SCIM list"]),
    "nothing": (lambda call: Answer(200, b""), ["not a SCIM list"]),
    "total in words": (lambda call: answer(200, {"totalResults": "many", "Resources": []}), ["not a SCIM list"]),
    "resources no list": (lambda call: answer(200, {"totalResults": 1, "Resources": 7}), ["not a SCIM list"]),
    "resource no object": (lambda call: page("ada"), ["no id"]),
    "no id": (lambda call: page({"userName": "ada"}), ["no id"]),
    "id a number": (lambda call: page(user(1)), ["no id"]),
    "total too large": (lambda call: page(user(), total=3), ["reports 3 but returned 1"]),
    "total absurd": (lambda call: page(user(), total=10**9), ["reports 1000000000 but returned 1"]),
    "total and nothing": (lambda call: page(total=3), ["reports 3 but returned 0"]),
    "long error": (lambda call: Answer(500, b"x" * 10_000_000, "text/html"), ["500"]),
    "denied later": (denied_later, ["401", "expired", "token"]),
    "forbidden": (lambda call: answer(403, {"detail": "no"}), ["403"]),
    "not found": (lambda call: Answer(404, b"<h1>Not Found</h1>", "text/html"), ["404", "tenantUrl"]),
    "not gzip": (lambda call: Answer(200, b"plain", headers=(("Content-Encoding", "gzip"),)), ["GET"]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_service_that_cannot_be_trusted_is_one_clear_error_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    decide, words = BAD[name]
    with front(decide) as service:
        ran = Desk(tmp_path, service.url).reconcile(*APPLY)
        assert service.writes == [] and len(service.calls) < 300  # two walks over two lists, of one portion of 16 workers each
    clear(ran, "GET /", *words)
    assert ran.out == "" and not list(tmp_path.rglob("record.json"))


ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SHAPES: list[Any] = [7, True, "", [], [1], {}, {"value": 7}, [{"value": {}, "type": 3}], [[]], None]


def test_attributes_of_the_wrong_shape_end_in_no_traceback(tmp_path: Path) -> None:
    names = ("active", "displayName", "title", "roles", "emails", "meta", "schemas", "externalId", ENTERPRISE)
    odd = [user(f"{n}-{i}", **{name: shape}) for n, name in enumerate(names) for i, shape in enumerate(SHAPES)]
    odd += [{**user(f"name-{i}"), "userName": shape} for i, shape in enumerate(SHAPES)]
    odd += [{**user(f"ada-{i}"), "userName": "ada@x.org", "active": shape} for i, shape in enumerate(SHAPES)]
    groups = [{"id": f"g{i}", "displayName": shape, "members": shape} for i, shape in enumerate(SHAPES)]
    groups += [{"id": "net", "displayName": "Net", "members": SHAPES}]
    with front(lambda call: page(*(odd if call.path == "/Users" else groups))) as service:
        ran = Desk(tmp_path, service.url).reconcile("plan", "--format", "json")
        assert service.writes == []
    assert ran.code == 1 and "10 accounts match" in ran.out


def test_a_matching_account_of_the_wrong_shape_is_planned(tmp_path: Path) -> None:
    names = [f"u{number}@x.org" for number in range(len(SHAPES))]
    found = [
        {
            "id": name,
            "userName": name,
            "title": shape,
            "displayName": shape,
            "roles": shape,
            ENTERPRISE: shape,
            "active": shape,
            "meta": shape,
        }
        for name, shape in zip(names, SHAPES, strict=True)
    ]
    with front(lambda call: page(*found) if call.path == "/Users" else page()) as service:
        desk = Desk(tmp_path, service.url)
        desk.people("ada@x.org", *(f"{name}, jobTitle: Engineer" for name in names), "grace@x.org")
        rows = "".join(f"  - {{user: {name}, role: User}}\n" for name in names)
        desk.write("apps/wiki/assignments.yaml", "assignments:\n" + rows)
        ran = desk.reconcile("plan")
    assert ran.code == 0 and set(re.findall(r"~ (?:update|enable) User/(\S+)", ran.out)) == set(names)


# Files that cannot be used


def test_declarations_that_are_no_folder_are_one_error(desk: Desk) -> None:
    (desk.folder / "plain").write_text("", encoding="utf-8")
    for name, word in (("plain", "not a folder"), ("absent", "no such folder")):
        ran = desk.reconcile("validate", "--desired", name)
        assert ran.code == 1 and word in ran.out and "--desired" in ran.out
        assert ("`reconcile init`" in ran.out) is (name == "absent")
        ran = desk.reconcile("plan", "--desired", name)
        assert (ran.code, ran.out) == (1, "") and word in ran.err


def test_numbers_are_read_as_yaml_writes_them_and_one_without_measure_is_an_error_at_its_place(desk: Desk) -> None:
    desk.people(f"ada@x.org, displayName: {'9' * 5_000}", "grace@x.org")
    ran = desk.reconcile("validate")
    assert ran.code == 1 and "desired/directory/users/a.yaml:2:49: error: a number of 5,000 characters" in ran.out
    assert [scalar(t) for t in (".5", "-.5", "1.", "1e3", "-.inf")] == [0.5, -0.5, 1.0, 1000.0, float("-inf")]


@pytest.mark.parametrize("name", ["directory/users/a.yaml", "directory/users", "directory", "apps", "apps/wiki", "."])
def test_what_may_not_be_read_is_an_error_at_its_place(desk: Desk, name: str) -> None:
    place = desk.folder / "desired" / name
    before = place.stat().st_mode
    place.chmod(0)
    try:
        ran = desk.reconcile("validate", mortal=True)
    finally:
        place.chmod(before)
    assert ran.code == 1 and f"desired/{name}".removesuffix("/.") + ":1:1: error: cannot be read" in ran.out


BAD_FILES = {
    "text": (b"hello", "not a saved plan"),
    "bytes": (b"\xff\xfe\x00", "not a saved plan"),
    "list": (b"[1]", "not a saved plan"),
    "deep": (b"[" * 100_000, "not a saved plan"),
    "empty": (b"", "not a saved plan"),
    "half": (b'{"format_version": "1.0", "plans": [{"app": "wiki"}]}', "not a saved plan"),
    "newer": (b'{"format_version": "2.0", "plans": []}', "2.0"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_plan_is_one_clear_error(tmp_path: Path, name: str) -> None:
    content, words = BAD_FILES[name]
    (tmp_path / "plan.json").write_bytes(content)
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        clear(desk.reconcile("show", "plan.json"), words, "plan.json")
        clear(desk.reconcile("apply", "plan.json"), words, "plan.json")
        assert service.connections == 0


def test_a_plan_that_may_not_be_read_is_one_clear_error(desk: Desk) -> None:
    (desk.folder / "plan.json").touch(mode=0)
    clear(desk.reconcile("show", "plan.json", mortal=True), "plan.json cannot be read")


def test_a_plan_with_a_value_of_another_type_anywhere_is_no_plan(desk: Desk) -> None:
    desk.seed("ada@x.org", title="Intern")
    document = json.loads(saved(desk))
    plan = document["plans"][0]
    file = desk.folder / "plan.json"
    for holder, key in (
        (plan, "changes"),
        (plan["changes"][0], "address"),
        (plan["changes"][0], "attributes"),
        (plan["changes"][0]["declared_at"], "line"),
        (plan["changes"][1], "precondition"),
        (plan, "warnings"),
    ):
        whole, holder[key] = holder[key], [{}]
        file.write_text(json.dumps(document), encoding="utf-8")
        holder[key] = whole
        clear(desk.reconcile("show", "plan.json"), "not a saved plan")


@pytest.mark.parametrize("edit", ["after", "changes"])
def test_a_plan_that_was_edited_is_neither_shown_nor_applied(desk: Desk, edit: str) -> None:
    document = json.loads(saved(desk))
    plan = document["plans"][0]
    if edit == "after":
        plan["changes"][-1]["attributes"][0]["after"] = "harmless"
    else:
        plan["changes"] = []
    (desk.folder / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    clear(desk.reconcile("show", "plan.json"), "has been edited", "plan.json")
    clear(desk.reconcile("apply", "plan.json"), "has been edited", "plan.json")


def test_a_plan_of_a_later_minor_format_is_read(desk: Desk) -> None:
    document = json.loads(saved(desk))
    document["format_version"] = "1.1"
    document["news"] = document["plans"][0]["news"] = document["plans"][0]["changes"][0]["news"] = 1
    (desk.folder / "plan.json").write_text(resealed(document), encoding="utf-8")
    assert "create User/ada@x.org" in desk.reconcile("show", "plan.json").out
    assert desk.reconcile("apply", "plan.json").code == 0


def test_a_plan_that_cannot_be_saved_is_an_error_before_the_service_is_read(tmp_path: Path) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        clear(desk.reconcile("plan", "--out", "absent/plan.json"), "absent")
        assert service.connections == 0
        (tmp_path / "shut").mkdir(mode=0o500)
        clear(desk.reconcile("plan", "--out", "shut/plan.json", mortal=True), "shut/plan.json")


def test_a_record_that_cannot_be_written_stops_an_apply_and_no_plan(desk: Desk) -> None:
    folder = desk.folder / ".reconcile"
    folder.mkdir(mode=0o500)
    clear(desk.reconcile(*APPLY, mortal=True), ".reconcile")
    assert desk.find("ada@x.org") == []
    assert desk.reconcile("plan", mortal=True).code == 0
    folder.rmdir()
    folder.write_text("", encoding="utf-8")
    clear(desk.reconcile(*APPLY), ".reconcile")
    clear(desk.reconcile("plan"), ".reconcile")


@pytest.mark.parametrize(
    "content",
    [b'{"version": 1, "app": "wi', b"", b"[]", b'{"version": 9, "entries": {}}', b"\xff"],
)  # fmt: skip
def test_a_record_that_cannot_be_used_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        recorded(desk, service.url)
        (tmp_path / ".reconcile/wiki/record.json").write_bytes(content)
        for command in (("plan",), APPLY):
            clear(desk.reconcile(*command), "record.json")
        assert service.connections == 0


# What is shipped, and what is said of it


def test_the_wheel_holds_all_that_a_validation_needs(tmp_path: Path) -> None:
    built = tmp_path / "dist"
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    where = "import reconciler; print(reconciler.__file__); "
    arguments = [sys.executable, "-c", where + COMMAND[1], "validate", "--desired", str(tmp_path / "site/reconciler/example")]
    (tmp_path / "elsewhere").mkdir()
    ran = subprocess.run(
        arguments, cwd=tmp_path / "elsewhere", env={"PYTHONPATH": str(tmp_path / "site")}, text=True, capture_output=True
    )
    assert ran.returncode == 0, ran
    assert ran.stdout.splitlines()[0] == str(tmp_path / "site/reconciler/__init__.py")
    assert "25 users, 6 groups, 3 apps: 0 errors" in ran.stdout
    (points,) = (tmp_path / "site").glob("*.dist-info/entry_points.txt")
    assert "reconcile = reconciler.cli.main:main" in points.read_text(encoding="utf-8")


def options(command: click.Command) -> set[str]:
    inner = [options(item) for item in command.commands.values()] if isinstance(command, click.Group) else []
    return {"--help"}.union(*inner, *([o for o in p.opts if o.startswith("--")] for p in command.params))


def leaves(command: click.Command) -> Iterator[click.Command]:
    if isinstance(command, click.Group):
        for item in command.commands.values():
            yield from leaves(item)
    else:
        yield command


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_no_color(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None and all("--no-color" in options(leaf) for leaf in leaves(command))


def test_help_loads_nothing_that_only_work_needs() -> None:
    heavy = {"httpx", "jsonschema", "jsonschema_rs", "deepdiff", "jinja2", "rich", "yaml", "orjson", "asyncio"}
    script = "import sys; from reconciler.cli.main import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert ran.returncode == 0 and all(name in ran.stdout for name in COMMANDS)
    assert heavy & {name.partition(".")[0] for name in ran.stderr.split()} == set()


def test_every_command_explains_every_option() -> None:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None and command.help
        assert [o.name for o in command.params if isinstance(o, click.Option) and not o.help] == [], name


def test_every_command_can_be_imported_alone() -> None:
    """Each in a process that has imported no other command before it."""
    script = """
import importlib, keyword, os
from reconciler.cli.main import COMMANDS
for command in COMMANDS:
    if not os.fork():
        name = command.replace("-", "_") + "_" * keyword.iskeyword(command)
        getattr(importlib.import_module("reconciler.cli." + name), name)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == 0, command
"""
    ran = subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_a_service_that_is_not_there_is_one_clear_error(refused: tuple[Desk, subprocess.Popen[bytes]]) -> None:
    desk, process = refused
    ran = ended(process)
    clear(ran, "GET /Users", "onnection refused", "tenantUrl")
    no_token(ran.out.encode(), ran.err.encode(), desk.written())


@pytest.mark.parametrize(("cwd", "desired"), [("other", "../desired"), ("desired", "."), ("desired/apps", "..")])
@pytest.mark.parametrize("path", [".reconcile", "kept"])
def test_a_record_beside_the_declarations_is_found_from_any_folder(desk: Desk, cwd: str, desired: str, path: str) -> None:
    (desk.folder / "other").mkdir()
    if path != ".reconcile":
        desk.write("reconciler.yaml", f"record: {{backend: local, path: {path}}}\n")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    desk.write("apps/wiki/assignments.yaml", "assignments: [{user: ada@x.org, role: User}]\n")
    ran = desk.reconcile("apply", "--auto-approve", "--desired", desired, cwd=cwd)
    assert ran.code == 0 and "no record" not in ran.err and "done     disable User/grace@x.org" in ran.out
    assert not any((desk.folder / cwd / name).exists() for name in (".reconcile", "kept"))
    assert desk.reconcile("plan", "--detailed-exitcode").code == 0


def test_a_lock_that_a_failed_apply_left_is_no_record(desk: Desk) -> None:
    (desk.folder / "other").mkdir()
    apply = ("apply", "--auto-approve", "--desired", "../desired")
    assert desk.reconcile(*apply, cwd="other", WIKI_URL="http://127.0.0.1:9").code == 1
    assert desk.reconcile("apply", "--auto-approve").code == 0
    assert "no record" not in desk.reconcile("plan", "--desired", "../desired", cwd="other").out


def test_a_record_in_the_current_folder_counts_wherever_that_is(desk: Desk) -> None:
    assert desk.reconcile("apply", "--auto-approve").code == 0
    (desk.folder / ".reconcile").rename(desk.folder / "desired/.reconcile")
    assert "no record" not in desk.reconcile("plan", "--desired", ".", cwd="desired").out


def test_a_first_record_lies_beside_the_declarations_where_the_current_folder_is_inside_of_them(desk: Desk) -> None:
    assert desk.reconcile("apply", "--auto-approve", "--desired", "..", cwd="desired/apps").code == 0
    assert (desk.folder / ".reconcile/wiki/record.json").is_file()
    assert desk.reconcile("plan", "--detailed-exitcode").code == 0


def test_an_app_that_cannot_be_read_is_named_and_stands_in_markdown_too(desk: Desk) -> None:
    desk.zoo("http://127.0.0.1:9/v2")
    ran = desk.reconcile("plan", "--format", "markdown")
    assert ran.code == 1 and "Error: zoo (http://127.0.0.1:9/${env:ZOO_URL}#" in ran.err
    assert "### `wiki`: **changes to review**" in ran.out and "### `zoo`: **not planned**" in ran.out
    shown = json.loads(desk.reconcile("plan", "--format", "json").out)
    assert [plan["app"] for plan in shown["plans"]] == ["wiki"]
    (zoo,) = shown["unplanned"]
    assert (zoo["app"], zoo["code"]) == ("zoo", "ServiceUnavailable") and "check tenantUrl" in zoo["remedy"]
    assert f"{zoo['message']} [ServiceUnavailable]\n    {zoo['remedy']}\n" in ran.err


def test_who_could_not_be_planned_is_said_where_a_saved_plan_is_applied(desk: Desk) -> None:
    rows = "{target: externalId, source: employeeId, matchingPrecedence: 1}, {target: userName, source: userPrincipalName}"
    desk.write("apps/wiki/mappings.yaml", f"mappings: {{users: {{attributes: [{rows}]}}, groups: {{enabled: false}}}}\n")
    desk.people("ada@x.org, employeeId: '7'", "grace@x.org, employeeId: '8'")
    desk.seed("one@x.org", externalId="7")
    desk.seed("two@x.org", externalId="7")
    assert desk.reconcile("plan", "--out", "plan.json").code == 1
    ran = desk.reconcile("apply", "plan.json")
    assert ran.code == 5 and "done     create User/grace@x.org" in ran.out
    assert "Error: User/ada@x.org could not be planned: 2 accounts match by externalId" in ran.err
