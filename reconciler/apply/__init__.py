"""A plan is carried out: changes in, requests in a safe order and outcomes out, each write between two lines of the journal.

steps (the order) -> execute, with side_by_side and journal -> write (one step as requests) -> recorded (what the record holds
then); log tells of each outcome.
"""
