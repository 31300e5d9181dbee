"""A plan is carried out: changes in, requests in a safe order and outcomes out, each write between two lines of the journal.

steps (the order) -> execute (one after the other, or side by side) -> write (one step) -> record_changes (what the record holds
then); log tells of each outcome.
"""
