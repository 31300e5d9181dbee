"""Safeguards: each looks at what would be written, or at the state that it would leave, and says ok or blocked.

facts (what they look at) -> one module a safeguard -> guard (the table that runs them, approvals applied) -> memory (what the
record remembers of it). Pure.

A new one is a module here with a function of Facts that returns a Safeguard, and a row of ON_CHANGES or ON_STATE in guard;
its name goes into schemas/approvals.schema.json, or into model.NEVER_LIFTED. One that counts changes says which
(Safeguard.counted): the others pass without them. One with a limit of its own has that in declare/settings.py,
declare/safeguards.py (LIMITS, read_safeguards), a field of declare/model.Safeguards, schemas/app.schema.json, and
weakened.limits, without which nobody hears that the limit was loosened. Its name stands in service/metrics.SAFEGUARDS too and,
where it has numbers, in report/safeguard_verdict.COUNTED. One that counts 24 hours together also needs facts, memory,
record/values and schemas/record.schema.json. Every plan then tells of it: REWRITE_GOLDEN=1 once the differences were read.
"""
