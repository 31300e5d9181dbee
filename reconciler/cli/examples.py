"""The end of each command's help: the exit codes that it has, and one example. No I/O."""

from __future__ import annotations

WRITES = "0 done, 1 error, 3 a safeguard blocks, 4 the plan is stale, 5 applied in part, 6 locked"
READS, LOCKS = "0 done, 1 error", "0 done, 1 error, 6 locked"
# Command: its exit codes (empty where its help says them), an example.
ENDINGS = {
    "init": (READS, "reconcile init --app wiki"),
    "apps": (READS, "reconcile apps --format json"),
    "validate": ("0 no errors, 1 errors", "reconcile validate --format sarif > problems.sarif"),
    "test-connection": ("0 all works that the mappings need, 1 something does not", "reconcile test-connection --app wiki"),
    "plan": (
        "0 done, 1 error, 2 changes are planned (with --detailed-exitcode), 3 a safeguard blocks",
        "reconcile plan --app wiki --out plan.json",
    ),
    "show": (READS, "reconcile show plan.json --format markdown"),
    "diff": ("0 done, 1 error, 2 something moved (with --detailed-exitcode)", "reconcile diff reviewed.json plan.json"),
    "apply": (WRITES, "reconcile apply plan.json"),
    "run": ("0 done, 1 error, 3 a safeguard blocks, 5 applied in part, 6 locked", "reconcile run --once --app wiki"),
    "status": ("", "reconcile status --app wiki --format json"),
    "restart": (LOCKS, "reconcile restart --app wiki --scope quarantine"),
    "notify": (READS, "reconcile notify test --app wiki"),
    "import": (READS, "reconcile import --app wiki --out desired --force"),
    "explain": (READS, "reconcile explain ada@example.com --app wiki"),
    "access": ("", "reconcile access --privileged --format csv"),
    "review": (READS, "reconcile review status"),
    "eval": (READS, "reconcile eval 'ToUpper([jobTitle])' --user ada@example.com"),
    "logs": (READS, "reconcile logs --user ada@example.com --since 30d"),
    "report": ("", "reconcile report --out report.html"),
    "lock": (READS, "reconcile lock --app wiki"),
    "unlock": (READS, "reconcile unlock 5f1c2a --app wiki"),
    "record": (LOCKS, "reconcile record show User/ada@example.com --app wiki"),
    "revoke": (
        "0 disabled everywhere, 1 an account is still active or an error, 5 done in part, 6 locked",
        "reconcile revoke ada@example.com --reason 'INC-7: lost laptop'",
    ),
    "github": (READS, "reconcile github waiting"),
    "help": (READS, "reconcile help unknown-key"),
    "completion": (READS, "reconcile completion bash"),
    "demo": (READS, "reconcile demo --keep"),
}


def ending(name: str) -> str:
    """Empty for a command that is not in the table."""
    codes, example = ENDINGS.get(name, ("", ""))
    said = f"Exit codes: {codes}, 64 wrong usage, 130 interrupted.\n\n" if codes else ""
    return f"{said}\b\nExample:\n  {example}" if example else said
