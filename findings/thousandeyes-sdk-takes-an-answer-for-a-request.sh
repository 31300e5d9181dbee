#!/usr/bin/env bash
# The vendor's models of ThousandEyes' v7 API take what GET /users/{id} answers (accountGroup.aid, roles[].roleId, allAccountGroupRoles) for
# a request (accountGroupId, roleIds, allAccountGroupRoleIds) without a complaint, and to_dict() hands the answer's names on, which no
# request has. Only model_extra, at every depth, shows it: a body that was read, changed and sent back is not found out by the models.
# The other way round to_dict() drops what the model calls read-only: a page of the activity log comes out without startDate and endDate.
# Seen with thousandeyes-sdk-administrative 6.0.0.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "thousandeyes-sdk-administrative==6.0.0" 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON'
import sys

from thousandeyes_sdk.administrative.models import AuditUserEvents, UserRequest

answer = {
    "name": "Ada",
    "email": "ada@example.com",
    "accountGroupRoles": [{"accountGroup": {"aid": "1"}, "roles": [{"roleId": "2"}]}],
    "allAccountGroupRoles": [{"roleId": "3"}],
}
request = UserRequest.from_dict(answer)
print("as a request:", request.to_dict())
print("unknown to the model:", sorted(request.model_extra), sorted(request.account_group_roles[0].model_extra))
if request.to_dict() != answer or request.all_account_group_role_ids is not None:
    sys.exit("an answer is no longer taken for a request as it stands")

page = {"startDate": "2026-01-01T00:00:00Z", "endDate": "2026-01-02T00:00:00Z", "auditEvents": []}
events = AuditUserEvents.from_dict(page)
print("a page of the log:", events.to_dict())
if events.to_dict() != {"auditEvents": []} or events.start_date is None:
    sys.exit("to_dict() keeps the dates of the page now")
PYTHON
