"""The end of each command's help: the exit codes that it has, and one example. No I/O."""

from __future__ import annotations

# The whole of them, in words of a table.
EXIT_CODES = {
    0: "done, or nothing to do",
    1: "an error",
    2: "changes are planned, or something is outstanding: only with `--detailed-exitcode`",
    3: "a safeguard blocks",
    4: "the plan is stale: the declaration or the service has changed since it was made",
    5: "applied in part",
    6: "locked by another run",
    64: "wrong usage: what was typed is not understood, and nothing was done",
    130: "interrupted",
}
WRITES = "0 done, 1 error, 3 a safeguard blocks, 4 the plan is stale, 5 applied in part, 6 locked"
READS, LOCKS = "0 done, 1 error", "0 done, 1 error, 6 locked"
# Command: its exit codes, an example.
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
    "diff": ("0 done, 1 error, 2 they differ (with --detailed-exitcode)", "reconcile diff reviewed.json plan.json"),
    "apply": (WRITES, "reconcile apply plan.json"),
    "run": ("0 done, 1 error, 3 a safeguard blocks, 5 applied in part, 6 locked", "reconcile run --once --app wiki"),
    "status": (
        "0 all is well, 1 an app is in quarantine, off or overdue, or an error",
        "reconcile status --app wiki --format json",
    ),
    "restart": (LOCKS, "reconcile restart --app wiki --scope quarantine"),
    "notify": (READS, "reconcile notify test --app wiki"),
    "import": (READS, "reconcile import --app wiki --out desired --force"),
    "explain": (READS, "reconcile explain ada@example.com --app wiki"),
    "access": (
        "0 done, 1 an app could not be read, does not tell of sign-ins (--unused), or the log does not know",
        "reconcile access --privileged --format csv",
    ),
    "review": (READS, "reconcile review status"),
    "eval": (READS, "reconcile eval 'ToUpper([jobTitle])' --user ada@example.com"),
    "logs": (READS, "reconcile logs --user ada@example.com --since 30d"),
    "report": ("0 done, 1 a record could not be read, or an error", "reconcile report --out report.html --since 90d"),
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
    "notify test": (READS, "reconcile notify test --app wiki"),
    "notify replay": (READS, "reconcile notify replay --since 2h"),
    "review start": (
        "0 done, 1 an app could not be read, or somebody has no reviewer",
        "reconcile review start --name 2027-Q1 --by manager --due 2027-03-31",
    ),
    "review status": (
        "0 done, 1 a review is overdue, has errors, or is not as the log knows it, 2 decisions are missing (with "
        "--detailed-exitcode)",
        "reconcile review status 2027-Q1",
    ),
    "review apply": ("0 done, 1 the review is in error, 5 something is left to you", "reconcile review apply 2027-Q1"),
    "review close": (
        "0 done, 1 it stays open, with all that stands in the way",
        "reconcile review close 2027-Q1 --evidence review-2027-Q1.zip",
    ),
    "record verify": ("0 nothing was altered, 1 something was, or an error", "reconcile record verify --app wiki"),
    "record migrate": (LOCKS, "reconcile record migrate --from local --app wiki"),
    "record show": (READS, "reconcile record show User/ada@example.com --app wiki"),
    "record list": (READS, "reconcile record list --app wiki"),
    "record forget": (LOCKS, "reconcile record forget User/ada@example.com --app wiki"),
    "record trust": (LOCKS, "reconcile record trust 3f2c1ab0c4d5e6f708192a3b4c5d6e7f80912a3b --app wiki"),
    "record prune": (LOCKS, "reconcile record prune --older-than 400d --app wiki"),
    "github comment": (READS, "reconcile github comment plan.json --pull-request 7"),
    "github plans": (READS, "reconcile github plans --out reviewed"),
    "github record": (READS, "reconcile github record --base main"),
    "github left-out": (READS, "reconcile github left-out"),
    "github waiting": (READS, "reconcile github waiting plan.json"),
    "github issue": (READS, "reconcile github issue plan.json"),
}


def ending(name: str) -> str:
    """Of a command, or of one inside of another by both names; empty where it is not in the table."""
    codes, example = ENDINGS.get(name, ("", ""))
    said = f"Exit codes: {codes}, 64 wrong usage, 130 interrupted.\n\n" if codes else ""
    return f"{said}\b\nExample:\n  {example}" if example else said
