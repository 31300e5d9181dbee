"""Every code by its name, in the order of the page. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.codes import (
    apps,
    cautions,
    commands,
    mapping_rules,
    names,
    objects,
    plans,
    records,
    reviews,
    services,
    shapes,
    usage,
    warnings,
    yaml_files,
)
from reconciler.codes.model import Code

PARTS: Mapping[str, tuple[Code, ...]] = {
    "Files and YAML": yaml_files.CODES,
    "Keys and values": shapes.CODES,
    "Names and roles": names.CODES,
    "Mappings and filters": mapping_rules.CODES,
    "Services, secrets and settings": services.CODES,
    "The record": records.CODES,
    "Reviews": reviews.CODES,
    "What is typed wrongly": usage.CODES,
    "What ends a command": commands.CODES,
    "What ends a whole app's plan, apply or cycle": apps.CODES,
    "What ends the change of one object": objects.CODES,
    "Who is skipped": plans.SKIPS,
    "Safeguards": plans.SAFEGUARDS,
    "Objects that cannot be planned": plans.ERRORS,
    "Cautions of a plan": cautions.CAUTIONS,
    "Warnings of a plan": warnings.PLANS,
    "Warnings of commands": warnings.COMMANDS,
}
CODES: Mapping[str, Code] = {code.name: code for part in PARTS.values() for code in part}
