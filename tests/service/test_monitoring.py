"""The alert rules and the dashboard that are shipped ask only for metrics that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

import reconciler.service.metrics as metrics
from reconciler.service.clocks import OVERDUE_AFTER
from tests.support.servers import ROOT

FOLDER = Path(metrics.__file__).parent / "monitoring"
NAME = re.compile(r"\breconcile_\w+")
LABELS = {"app", "profile", "phase", "health", "kind", "result", "type", "state", "action", "method", "code", "reason",
          "safeguard", "channel", "succeeded", "le"}  # fmt: skip


def known() -> set[str]:
    made = metrics.Metrics(lambda: 0.0)._registry
    assert isinstance(made, CollectorRegistry)
    names = {family.name for family in made.collect()}
    return {f"{name}{end}" for name in names for end in ("", "_total", "_bucket", "_sum", "_count")}


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return list(group["rules"])


def test_each_alert_rests_on_metrics_that_there_are_and_says_what_to_type() -> None:
    for rule in rules():
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert set(NAME.findall(rule["expr"])) <= known() and NAME.findall(rule["expr"])
        assert set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"]))) <= LABELS
        assert rule["annotations"].keys() == {"summary", "description"}
    assert len({rule["alert"] for rule in rules()}) == len(rules())


def test_each_expression_of_alerts_and_dashboard_is_promql() -> None:
    promql = pytest.importorskip("promql_parser")
    board = json.loads((FOLDER / "dashboard.json").read_text())
    shown = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    for expression in [*(rule["expr"] for rule in rules()), *shown]:
        promql.parse(expression)
        for broken in (expression[:-1] + "(", f"{expression} unless on", f"rate({expression})[5m"):
            with pytest.raises(ValueError):
                promql.parse(broken)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus is not installed here")
def test_promtool_takes_the_alert_rules() -> None:
    ran = subprocess.run(["promtool", "check", "rules", FOLDER / "alerts.yaml"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0 and "SUCCESS" in ran.stdout, ran


def test_the_dashboard_shows_every_metric() -> None:
    board = json.loads((FOLDER / "dashboard.json").read_text())
    shown = {name for panel in board["panels"] for target in panel["targets"] for name in NAME.findall(target["expr"])}
    assert shown <= known() and len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    families = {re.sub(r"_(total|bucket)$", "", name) for name in shown}
    assert families == {family.name for family in metrics.Metrics(lambda: 0.0)._registry.collect()}


def test_the_page_names_every_metric_and_both_files() -> None:
    page = (ROOT / "reconciler/docs/metrics.md").read_text()
    families = {family.name for family in metrics.Metrics(lambda: 0.0)._registry.collect()}
    assert {name for name in families if name not in page} == set()
    assert "alerts.yaml" in page and "dashboard.json" in page


def test_an_app_that_never_succeeded_has_an_alert_of_its_own_by_its_own_interval() -> None:
    """There is no last success from which to count: as in `status`, its first cycle is."""
    (never,) = [rule["expr"] for rule in rules() if rule["alert"] == "ReconcileNeverSucceeded"]
    assert never.startswith(
        f"time() - reconcile_first_cycle_timestamp_seconds > {OVERDUE_AFTER} * reconcile_interval_seconds unless"
    )
    assert "unless on (app) reconcile_last_success_timestamp_seconds" in never


def test_an_app_is_overdue_by_its_own_interval_as_in_status() -> None:
    (overdue,) = [rule["expr"] for rule in rules() if rule["alert"] == "ReconcileOverdue"]
    assert overdue.endswith(f"> {OVERDUE_AFTER} * reconcile_interval_seconds")
