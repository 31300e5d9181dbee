"""A disk on which nothing can be kept is seen by whoever asks for the status, since nobody could write it down."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.notify.mail import VARIABLE
from reconciler.report.colours import uncoloured
from reconciler.service.disk import unusable, unwritable
from reconciler.service.looked_up import look_up
from reconciler.service.status import is_bad
from reconciler.service.status_text import as_text
from tests.service.test_cycle import app_of
from tests.support.mailbox import mailbox
from tests.support.rounds import Rounds
from tests.support.servers import COMMAND

ROOM = {"f_flag": 0, "f_blocks": 9, "f_frsize": 4096, "f_bfree": 4, "f_bavail": 4, "f_files": 9, "f_ffree": 4, "f_favail": 4}


def disk(patch: pytest.MonkeyPatch, **values: int) -> None:
    patch.setattr(os, "statvfs", lambda folder: SimpleNamespace(**{**ROOM, **values}))


@pytest.mark.parametrize(("values", "words"), [
    ({}, ""), ({"f_bavail": 0, "f_bfree": 0}, "no space left on its disk"),
    ({"f_flag": os.ST_RDONLY}, "the file system is read-only"),
    ({"f_favail": 0, "f_ffree": 0}, "its disk takes no more files"), ({"f_bavail": 2, "f_bfree": 2}, "no space left on its disk"),
    ({"f_blocks": 0, "f_bavail": 0, "f_bfree": 0, "f_files": 0, "f_favail": 0, "f_ffree": 0}, ""),
])  # fmt: skip
def test_a_disk_is_full_where_the_record_has_no_room_beside_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, int], words: str
) -> None:
    (tmp_path / "record.json").write_bytes(b"x" * 10_000)
    disk(monkeypatch, **values)
    assert unwritable(tmp_path) == words
    assert unwritable(tmp_path / "not there") == ""


@pytest.mark.parametrize(("owner", "words"), [(0, ""), (1000, "no space left on its disk")])
def test_what_is_set_apart_for_root_is_room_for_root_alone(monkeypatch: pytest.MonkeyPatch, owner: int, words: str) -> None:
    disk(monkeypatch, f_bavail=0)

    class Folder:
        def stat(self) -> Any:
            return SimpleNamespace(st_uid=owner)

        def __truediv__(self, name: str) -> Path:
            return Path("not/there")

    assert unwritable(Folder()) == words  # type: ignore[arg-type]


def test_status_says_so_and_that_it_is_bad(service: Rounds, monkeypatch: pytest.MonkeyPatch) -> None:
    service.cycle()
    assert not is_bad(look_up(*app_of(service)))
    disk(monkeypatch, f_bavail=0, f_bfree=0)
    shown = look_up(*app_of(service))
    assert is_bad(shown) and shown["cycle"]["result"] == "success"
    assert "RecordError since" in as_text([shown], uncoloured) and "no space left on its disk" in as_text([shown], uncoloured)


def test_a_run_that_can_write_no_file_says_so_and_tells_somebody(service: Rounds) -> None:
    service.app("notification: {email: [ops@example.com]}\n")
    with mailbox() as box:
        ran = subprocess.run(
            ["/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, *COMMAND, "run", "--once"],
            cwd=service.folder, env=service.environ | {VARIABLE: box.url}, capture_output=True, text=True,
        )  # fmt: skip
        assert ran.returncode == 1 and "Traceback" not in ran.stderr, ran
        assert "cannot be written: File too large" in ran.stdout and "notified of failure by email" in ran.stdout
        assert box.subjects == ["[reconcile] wiki: the whole app could not be provisioned (RecordError)"]


def test_an_outbox_is_a_folder_that_its_owner_may_write_to(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    assert unusable(outbox) == "", "it is made with the first message"
    outbox.mkdir(mode=0o700)
    if not os.getuid():
        os.chown(outbox, 1000, 1000)  # of root nobody can say what it may not do
    assert unusable(outbox) == ""
    outbox.chmod(0o500)
    assert unusable(outbox) == "its owner is not allowed to write there"
    outbox.rmdir()
    outbox.write_text("")
    assert unusable(outbox) == "something else than a folder is there"
