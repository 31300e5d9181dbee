"""What a reviewer must not overlook stands first, in every form, and is data there."""

from __future__ import annotations

import json

from reconciler.declare.warned import Warned
from reconciler.plan.model import Caution, Plan
from reconciler.report import jsonform, markdown, plan_file, text
from reconciler.report.redact import redact

MOVED = Caution("TenantUrlChanged", "tenantUrl was https://a.example", "desired/apps/wiki/app.yaml", 4)
BAIT = Caution("TenantUrlChanged", "x` </details> \x1b[31m@everyone")
PLAN = Plan("wiki", "Wiki", "https://b.example", "generic", cautions=(MOVED, BAIT), warnings=(Warned("LeftOut", "seen before"),))


def test_a_caution_stands_before_everything_in_a_terminal() -> None:
    lines = text.render(PLAN, lambda words, code: words).splitlines()
    assert lines[3:6] == [
        "Caution:",
        "  ! tenantUrl was https://a.example, desired/apps/wiki/app.yaml:4 [TenantUrlChanged]",
        "  ! x` </details> \\u001b[31m@everyone [TenantUrlChanged]",
    ]


def test_a_caution_is_in_the_caution_block_of_a_comment_as_data() -> None:
    comment = markdown.render(PLAN)
    block = comment.partition("> [!CAUTION]\n")[2].partition("\n\n")[0]
    assert block.splitlines()[0] == "> - tenantUrl was `https://a.example`, `desired/apps/wiki/app.yaml:4` `[TenantUrlChanged]`"
    assert block.splitlines()[1] == "> - `` x` `` `</details>` `\\u001b[31m@everyone` `[TenantUrlChanged]`"


def test_cautions_survive_being_saved() -> None:
    saved = jsonform.dumps([PLAN])
    assert json.loads(saved)["plans"][0]["cautions"][0] == {
        "code": "TenantUrlChanged",
        "text": "tenantUrl was https://a.example",
        "declared_at": {"file": "desired/apps/wiki/app.yaml", "line": 4},
    }
    assert plan_file.loads(saved)[0].cautions == (MOVED, BAIT)


def test_a_caution_names_nobody_in_a_redacted_plan() -> None:
    plan = Plan("wiki", "Wiki", "https://b.example", "generic", cautions=(Caution("Protected", "ada@example.com goes"),))
    assert "ada@" not in jsonform.dumps([redact(plan, "key")])
