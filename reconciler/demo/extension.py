"""An extension of a service's own, beside the schemas of RFC 7643: what the demo's generic service has of users. Does no I/O."""

from __future__ import annotations

from typing import Any

EXTENSION = "urn:ietf:params:scim:schemas:extension:wiki:2.0:User"
SCHEMA: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
    "id": EXTENSION,
    "name": "Wiki User",
    "description": "What this service alone has of a user.",
    "attributes": [
        {
            "name": "costCenter",
            "type": "string",
            "multiValued": False,
            "description": "Who pays for the account.",
            "required": False,
            "caseExact": False,
            "mutability": "readWrite",
            "returned": "default",
            "uniqueness": "none",
        }
    ],
}


def provider() -> Any:
    """What scim2-server describes by default, and users with the extension."""
    from scim2_models import Schema, SchemaExtension, ScimProvider
    from scim2_server import utils

    types, schemas = utils.load_default_resource_types(), utils.load_default_schemas()
    user = types["User"]
    user.schema_extensions = [
        *(user.schema_extensions or ()),
        SchemaExtension.model_validate({"schema": EXTENSION, "required": False}),
    ]
    described = [*schemas.values(), Schema.model_validate(SCHEMA)]
    return ScimProvider.from_discovery(described, types.values(), config=utils.load_default_service_provider_config())
