"""Desired, live and record in, an inert Plan out. Pure.

matching/ (which account is whose) -> context -> desired, removed, revoked (what is to be done), each by diff and membership
-> planner, which puts it together -> safeguards/ (may it be done). apply_inputs is what the record will hold of all that stays.
reviewed/ compares a plan that somebody has approved, explain/ tells of one object step by step.
"""
