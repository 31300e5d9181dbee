"""Safeguards: each looks at what would be written, or at the state that it would leave, and says ok or blocked.

facts (what they look at) -> one module a safeguard -> guard (the table that runs them, approvals applied) -> keep (what the
record remembers of it). Pure.
"""
