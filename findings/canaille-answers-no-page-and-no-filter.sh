#!/usr/bin/env bash
# Canaille, an identity provider with a SCIM server (pytest-iam runs it for tests), answers every list that is asked for with `count`
# with 500: it compares the text of the query with a number. A client that reads page by page (RFC 7644 §3.4.2.4) reads nobody. It takes
# `filter` and shows everybody: who looks for one account and believes the list has found another one. ServiceProviderConfig does say
# that filters are not supported. userName cannot be changed there, name.formatted must be given, and an e-mail may have no `type`; /Schemas
# announces all three. And what it says that it needs is not what it runs with: `scim2-models>=0.6.12` is met by 0.12.3, whose
# `model_dump` no longer knows `attributes`, so that each list, page or not, is 500; a second folder below holds the two together.
# Seen with Canaille 0.3.6, scim2-models 0.6.12 and 0.12.3.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/ask.py" <<'PYTHON'
import datetime
import os
import sys
import uuid

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
from canaille import create_app
from canaille.app import models
from canaille.backends import Backend

app = create_app(config={"ENV_FILE": None, "SECRET_KEY": "only for this", "CANAILLE": {"DATABASE": "memory", "LOGGING": {"version": 1}}})
with app.app_context():
    client = models.Client(client_id="c", client_name="reader", redirect_uris=["https://x.example.com"])
    Backend.instance.save(client)
    Backend.instance.save(models.Token(
        token_id=str(uuid.uuid4()), access_token="t", client=client, type="access_token", scope=["openid"],
        issue_date=datetime.datetime.now(datetime.UTC), lifetime=3600, audience=[client],
    ))  # fmt: skip
web, headers = app.test_client(), {"Authorization": "Bearer t", "Content-Type": "application/scim+json"}


def asked(path, **body):
    answer = web.post(path, json=body, headers=headers) if body else web.get(path, headers=headers)
    shown = answer.get_json(silent=True) or {}
    said = shown.get("totalResults", shown.get("detail", shown.get("userName", "")))
    print(path, answer.status_code, said)
    return answer.status_code, said


ada = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada", "active": True}
named = ada | {"name": {"formatted": "Ada L", "familyName": "L"}}
seen = {
    "given": asked("/scim/v2/Users", **ada, name={"givenName": "Ada", "familyName": "L"})[0],
    "typed": asked("/scim/v2/Users", **named, emails=[{"value": "ada@example.com", "type": "work"}])[0],
    "made": asked("/scim/v2/Users", **named, emails=[{"value": "ada@example.com"}])[0],
    "all": asked("/scim/v2/Users"),
    "filter": asked('/scim/v2/Users?filter=userName eq "nobody"'),
    "page": asked("/scim/v2/Users?startIndex=1&count=10")[0],
}
old = {"given": 400, "typed": 400, "made": 201, "all": (200, 1), "filter": (200, 1), "page": 500}
new = {"given": 400, "typed": 400, "made": 500, "all": (500, ""), "filter": (500, ""), "page": 500}
if seen != (new if sys.argv[1] == "0.12.3" else old):
    sys.exit(f"it answers otherwise now: {seen}")
PYTHON
for models in 0.6.12 0.12.3; do
    python3 -m venv "$folder/$models"
    "$folder/$models/bin/pip" install --quiet "canaille[front,oidc,scim]==0.3.6" "scim2-models==$models" 2>/dev/null
    echo "with scim2-models $models"
    (cd "$folder" && "$folder/$models/bin/python" ask.py "$models" 2>/dev/null)
done
