"""Metrics have the names that dashboards rest on, and no hostile text makes a series."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reconciler.service.listen import Address, _server, listening
from reconciler.service.loop import Loop
from reconciler.service.metrics import SAFEGUARDS, Metrics
from reconciler.service.order import Postponed
from reconciler.service.result import AppError, Block, CycleResult, Failure, Quarantine, Standing
from reconciler.service.trouble import Trouble
from reconciler.service.turns import Settings
from tests.support.rounds import Rounds, declare, staff
from tests.support.servers import answer

NOW = 1_780_000_000.0
WELL = Standing("wiki", "generic", "initial", "healthy", 2400, "2026-06-01T00:00:07Z")
BAD = WELL._replace(health="quarantined", quarantine="TooManyDeletes", safeguards=("lockout",))
GOOD = CycleResult("wiki", "generic", "c1", "initial", "2026-06-01T00:00:00Z", "2026-06-01T00:00:07Z", "success")


def series(metrics: Metrics) -> dict[str, float]:
    """Each sample as it is written, without the buckets."""
    text = metrics.text("")[0].decode()
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {
        sample.name + "{" + ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items())) + "}": sample.value
        for sample in samples
        if not sample.name.endswith(("_bucket", "_created"))
    }


def test_a_cycle_is_counted_by_the_names_that_dashboards_rest_on(service: Rounds) -> None:
    metrics = Metrics(lambda: NOW)
    metrics.result(replace(service.cycle(), requests={("GET", 200): 3, ("POST", 0): 1}))
    found = series(metrics)
    assert found["reconcile_app_info{app=wiki,health=healthy,phase=initial,profile=generic}"] == 1
    assert found["reconcile_cycles_total{app=wiki,kind=initial,result=success}"] == 1
    assert found["reconcile_objects{app=wiki,state=provisioned,type=User}"] == 2
    assert found["reconcile_objects{app=wiki,state=provisioned,type=Group}"] == 1
    assert found["reconcile_writes_total{action=create,app=wiki,result=done,type=User}"] == 2
    assert found["reconcile_requests_total{app=wiki,code=none,method=POST}"] == 1
    assert found["reconcile_escrow_oldest_seconds{app=wiki}"] == 0


def test_the_first_slow_leaver_after_a_start_is_an_increase() -> None:
    """Of a series that only begins with one, `rate()` would not see that one; it may leave in the first cycle already."""
    metrics = Metrics(lambda: NOW)
    metrics.stands(WELL)
    assert series(metrics)["reconcile_deprovision_seconds_count{app=wiki}"] == 0
    assert 'reconcile_deprovision_seconds_bucket{app="wiki",le="300.0"} 0.0' in metrics.text("")[0].decode()
    metrics.gone("wiki")
    assert not [name for name in series(metrics) if "deprovision" in name]


def test_a_cycle_of_the_service_itself_is_counted_with_its_requests_its_time_and_what_it_told(service: Rounds) -> None:
    metrics = Metrics(lambda: NOW)
    loop = Loop(Settings(Path("desired"), once=True), lambda event: None, metrics)
    loop.survey()
    loop.run()
    found = series(metrics)
    assert found["reconcile_requests_total{app=wiki,code=201,method=POST}"] == 3
    sent = sum(number for name, number in found.items() if name.startswith("reconcile_requests_total"))
    assert sent == len(service.front.calls)
    assert found["reconcile_cycle_duration_seconds_count{app=wiki}"] == 1
    metrics.result(replace(GOOD, rate_wait=2.5))
    metrics.notified("email", True)
    found = series(metrics)
    assert found["reconcile_cycle_duration_seconds_count{app=wiki}"] == 2
    assert found["reconcile_cycle_duration_seconds_sum{app=wiki}"] >= 7
    assert found["reconcile_rate_wait_seconds_total{app=wiki}"] >= 2.5
    assert found["reconcile_notifications_total{channel=email,succeeded=true}"] == 1
    assert found["reconcile_notifications_total{channel=email,succeeded=false}"] == 0


def test_what_is_over_is_no_series_any_more() -> None:
    metrics = Metrics(lambda: NOW)
    metrics.result(replace(GOOD, standing=BAD))
    assert {
        "reconcile_quarantined{app=wiki,reason=TooManyDeletes}",
        "reconcile_safeguard_blocked{app=wiki,safeguard=lockout}",
    } <= (series(metrics).keys())
    metrics.result(replace(GOOD, standing=WELL))
    assert not [name for name in series(metrics) if "quarantined" in name or "blocked{" in name]


def test_what_the_record_says_is_there_before_the_first_cycle_so_that_no_alert_clears_on_a_restart(service: Rounds) -> None:
    service.refuse = lambda call: answer(409, {"status": "409"}) if (call.method, call.path[-7:]) == ("POST", "/Groups") else None
    service.cycle()
    service.later(minutes=40)
    service.refuse = lambda call: answer(401, {"status": "401"})
    assert service.cycle().quarantine is not None
    metrics = Metrics(lambda: service.time.timestamp() + 60)
    service.stands = metrics.stands
    assert isinstance(service.end(forced=False), Postponed)
    found = series(metrics)
    assert found["reconcile_quarantined{app=wiki,reason=EncounteredQuarantineException}"] == 1
    assert found["reconcile_app_info{app=wiki,health=quarantined,phase=incremental,profile=generic}"] == 1
    assert found["reconcile_escrow_oldest_seconds{app=wiki}"] == 60 + 40 * 60
    assert found["reconcile_interval_seconds{app=wiki}"] == 2400
    assert found["reconcile_last_success_timestamp_seconds{app=wiki}"] == service.time.timestamp() - 40 * 60


def test_a_service_that_cannot_be_read_ends_no_safeguard_s_block(service: Rounds) -> None:
    declare(service, staff(30))
    service.cycle()
    declare(service, staff(10))
    metrics = Metrics(lambda: NOW)
    metrics.result(service.cycle())
    blocked = "reconcile_safeguard_blocked{app=wiki,safeguard=accidentalDeletions}"
    assert series(metrics)[blocked] == 1
    service.refuse = lambda call: answer(503, {})
    metrics.result(service.cycle())
    assert series(metrics)[blocked] == 1


def test_an_app_that_is_gone_takes_all_its_series_with_it(service: Rounds) -> None:
    metrics = Metrics(lambda: NOW)
    metrics.result(service.cycle())
    metrics.stands(WELL._replace(app="zoo"))
    metrics.gone("wiki")
    assert {name for name in series(metrics) if "app=wiki" in name} == set()
    assert "reconcile_interval_seconds{app=zoo}" in series(metrics)


def test_an_app_that_is_off_is_never_overdue(service: Rounds) -> None:
    metrics = Metrics(lambda: NOW)
    metrics.result(service.cycle())
    service.app("provisioning: {status: off}\n")
    metrics.result(service.cycle())
    found = series(metrics)
    assert found["reconcile_app_info{app=wiki,health=off,phase=incremental,profile=generic}"] == 1
    assert not [name for name in found if "interval_seconds" in name or "last_success" in name]


def test_a_cycle_whose_record_cannot_be_opened_changes_only_how_the_app_fares() -> None:
    metrics = Metrics(lambda: NOW)
    metrics.stands(BAD)
    metrics.result(replace(GOOD, kind="incremental", result="failed"))
    found = series(metrics)
    assert found["reconcile_app_info{app=wiki,health=failing,phase=incremental,profile=generic}"] == 1
    assert found["reconcile_quarantined{app=wiki,reason=TooManyDeletes}"] == 1


def test_no_hostile_text_makes_a_series_and_no_person_stands_in_one() -> None:
    metrics = Metrics(lambda: NOW)
    metrics.result(GOOD)

    def feed(number: int) -> None:
        evil = f'ada{number}@x.org"}}\n# TYPE evil'
        metrics.result(
            replace(
                GOOD, app=evil, profile=evil, kind=evil, result=evil,  # type: ignore[arg-type]
                failures=(Failure(f"User/{evil}", evil, evil, 409, evil, evil),), error=AppError(evil, 500, evil, evil),
                blocked=(Block(evil, evil, evil),), quarantine=Quarantine(evil, evil, GOOD.started, GOOD.ended),
                objects={evil: {evil: 1}}, writes={(evil, evil, evil): 1}, requests={(evil, 1000 + number): 1},
                standing=Standing(evil, evil, evil, evil, 1, GOOD.ended, GOOD.ended, evil, (evil,), GOOD.ended),
            )
        )  # fmt: skip
        metrics.notified(evil, True)
        metrics.pulled(evil)

    feed(0)
    before = len(series(metrics))
    for number in range(1, 50):
        feed(number)
    assert len(series(metrics)) == before and "ada" not in metrics.text("")[0].decode()


def asked(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_client_that_hangs_up_leaves_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    server = _server(Address("127.0.0.1", 0))
    with server(("127.0.0.1", 0), BaseHTTPRequestHandler) as made:
        try:
            raise ConnectionResetError
        except ConnectionResetError:
            made.handle_error(None, ("127.0.0.1", 1))  # type: ignore[arg-type]
    assert capfd.readouterr() == ("", "")


def test_the_listener_answers_metrics_alive_and_ready() -> None:
    loop, metrics = Loop(Settings(Path("desired")), lambda event: None), Metrics(time.time)
    loop.turns["wiki"] = None  # type: ignore[assignment]
    with listening(Address("127.0.0.1", 0), loop, metrics, time.monotonic) as port:
        assert asked(port, "/healthz") == (200, "alive\n") and asked(port, "/nothing")[0] == 404
        assert asked(port, "/readyz")[0] == 503
        loop.ends["wiki"] = GOOD
        metrics.result(GOOD)
        assert asked(port, "/readyz")[0] == 200 and "reconcile_cycles_total" in asked(port, "/metrics")[1]
        loop.follow.trouble = Trouble("NotMerged", "the checkout is on the branch mine", "", GOOD.ended, holds=True)
        assert asked(port, "/readyz")[0] == 503 and "the branch mine" in asked(port, "/readyz")[1]
        loop.follow.trouble = Trouble("RemoteUnreachable", "nobody answers", "", GOOD.ended)
        assert asked(port, "/readyz")[0] == 200 and "RemoteUnreachable" in asked(port, "/readyz")[1]
        loop.follow.trouble = None
        loop.ends["wiki"] = Postponed("wiki", "2026-11-02T08:10:00Z", "2026-11-02T08:40:00Z", "in quarantine", is_well=False)
        assert (
            asked(port, "/readyz")[0] == 503 and json.loads(asked(port, "/readyz")[1])["apps"]["wiki"]["why"] == "in quarantine"
        )
        loop.ends["wiki"] = Postponed("wiki", "2026-11-02T08:10:00Z", "2026-11-02T08:40:00Z", "less than an interval ago")
        assert asked(port, "/readyz")[0] == 200
        loop.ends["wiki"] = replace(GOOD, result="off")
        assert asked(port, "/readyz")[0] == 200, "who is off by app.yaml is as declared"
        loop.ends["wiki"] = replace(GOOD, result="failed", quarantine=Quarantine("TooManyDeletes", "x", GOOD.started, None))
        assert asked(port, "/readyz")[0] == 503
        wiki = json.loads(asked(port, "/readyz")[1])["apps"]["wiki"]
        assert wiki["why"] == "off until `reconcile restart` (TooManyDeletes): x" and wiki["next"] is None
        loop.beat -= 1_000
        assert asked(port, "/healthz")[0] == 503
    assert not [thread for thread in threading.enumerate() if thread.name == "listen"]


def test_every_safeguard_has_a_series_and_can_stand_in_an_approval() -> None:
    schema = json.loads((Path(__file__).parents[2] / "schemas/approvals.schema.json").read_text(encoding="utf-8"))
    listed = schema["properties"]["approvals"]["items"]["properties"]["safeguard"]["enum"]
    assert sorted(SAFEGUARDS) == sorted(listed)
