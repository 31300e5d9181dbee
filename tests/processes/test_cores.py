"""Apps that are planned by several processes: each known in its place, whatever becomes of a process."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.world import World

PROGRAM = """
import os, signal, sys, threading
from functools import partial
from types import SimpleNamespace

import click

from reconciler.cli import jobs
from reconciler.cli.output import say
from reconciler.scim.errors import ServiceError
from reconciler.cli.common import guarded

began = os.getpid()
apps = [SimpleNamespace(name=f"app{{number}}") for number in range(6)]

def work(app):
    ended = []
    code = guarded(partial(one, app), ended.append)
    return app.name, code, os.getpid() != began, [(error.code, str(error), error.remedy) for error in ended]

def one(app):
    say(f"{{app.name}} is read", err=False)
{inner}
    return 0

@click.command()
def command():
    people = int(sys.argv[1])
    for row in jobs.side_by_side(apps, work, 4, people):
        print(*row)

os.sched_getaffinity = lambda process: {{0, 1}}
command.main([], standalone_mode=False)
"""
FAILS = """
    if app.name == "app3":
        raise ServiceError("no", "GET /Users", 503, remedy="wait")
"""
KILLED = """
    if app.name == "app3" and os.getpid() != began:
        os.kill(os.getpid(), signal.SIGKILL)
"""
BROKEN = """
    if app.name == "app3":
        raise ZeroDivisionError("nobody foresaw it")
"""
MANY, FEW = 20_000, 10

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")


def ran(inner: str, people: int = MANY) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", PROGRAM.format(inner=inner), str(people)]
    return subprocess.run(program, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2])


def lines(own: bool, fails: str = "") -> list[str]:
    names = [f"app{number}" for number in range(6)]
    said = [line for name in names for line in [f"{name} is read", *([fails] if fails and name == "app3" else [])]]
    return [*said, *(f"{name} 0 {own} []" for name in names)]


def test_what_several_processes_say_and_find_comes_in_the_order_of_the_apps() -> None:
    done = ran("")
    assert done.stdout.splitlines() == lines(own=True) and done.stderr == ""


def test_for_few_people_no_process_is_begun() -> None:
    assert ran("", FEW).stdout.splitlines() == lines(own=False)


def test_an_error_in_a_process_is_that_app_s_alone_and_known_with_its_code_and_remedy() -> None:
    done = ran(FAILS)
    row = "app3 1 True [('ServiceUnavailable', 'GET /Users: no', 'wait')]"
    assert done.stdout.splitlines() == [row if line.startswith("app3 0") else line for line in lines(own=True)]
    assert done.stderr.splitlines() == ["Error: GET /Users: no [ServiceUnavailable]", "    wait"]


def test_what_a_killed_process_had_not_done_is_done_by_the_one_that_began_it() -> None:
    done = ran(KILLED)
    rows = done.stdout.splitlines()
    assert rows[-3:] == ["app3 0 False []", "app4 0 True []", "app5 0 False []"] and done.returncode == 0
    assert rows[:6] == [f"app{number} is read" for number in range(6)]


def test_what_nobody_foresaw_in_a_process_is_raised_with_where_it_was() -> None:
    done = ran(BROKEN)
    assert done.returncode == 1 and "ZeroDivisionError: nobody foresaw it" in done.stderr and "in one" in done.stderr


def test_processes_end_with_the_one_that_began_them_however_it_ends() -> None:
    program = PROGRAM.format(inner="    print(os.getpid(), flush=True)\n    threading.Event().wait()")
    with subprocess.Popen([sys.executable, "-c", program, str(MANY)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and int(process.stdout.readline()) != process.pid
        process.kill()
        process.communicate(timeout=60)  # the pipe ends once nobody holds it any more


def test_a_plan_reaches_another_process_whole(world: World) -> None:
    plan = world.plan()
    assert plan.changes and pickle.loads(pickle.dumps(plan)) == plan


EACH = """
import os, signal, sys
from reconciler.processes.cores import each
began, (never, end) = os.getpid(), os.pipe()
def none():
    raise BlockingIOError("no more processes")
{before}
def work(item):
    if item == {killed} and os.getpid() != began:
        os.kill(os.getpid(), signal.SIGKILL)
    {more}
    os.write(1, f"{{item}}\\n".encode())
each(range(int(sys.argv[1])), work, 4)
print("all")
"""


SMALL = """
import fcntl
pipe = os.pipe
def a_page():
    ends = pipe()
    fcntl.fcntl(ends[1], 1031, 4096)  # F_SETPIPE_SZ
    return ends
os.pipe = a_page
"""


def done_each(killed: int = -1, more: str = "pass", before: str = "", count: int = 50) -> tuple[list[str], str]:
    program = [sys.executable, "-c", EACH.format(killed=killed, more=more, before=before), str(count)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2], check=False)
    return done.stdout.splitlines(), done.stderr


def test_each_item_is_worked_on_once_by_whoever_is_free() -> None:
    said, errors = done_each()
    assert sorted(said[:-1], key=int) == [str(number) for number in range(50)] and said[-1] == "all" and not errors


def test_of_more_items_than_a_small_pipe_holds_none_is_left_out() -> None:
    said, errors = done_each(before=SMALL, count=5_000)
    assert sorted(said[:-1], key=int) == [str(number) for number in range(5_000)] and not errors


def test_a_process_that_ends_over_an_item_leaves_that_one_alone_undone() -> None:
    for said, errors in (done_each(killed=3), done_each(more="assert item != 3 or os.getpid() == began")):
        assert {*said} >= {str(number) for number in range(50) if number != 3} and said[-1] == "all" and not errors


def test_what_this_process_raises_is_raised_and_the_others_end() -> None:
    said, errors = done_each(more="assert os.read(never, 1) if os.getpid() != began else False, 'here'")
    assert "AssertionError: here" in errors and "all" not in said


def test_where_no_process_is_to_be_had_this_one_does_it_all() -> None:
    said, errors = done_each(before="os.fork = none")
    assert len(said) == 51 and not errors
