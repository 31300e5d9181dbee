"""Who gains and who loses what by some changes, and what ends on which day: one row a person and role or group.

given (which assignments reach whom, and until when) -> lasting (what becomes of it then) -> lost (what gave what goes, and what
remains) -> members (rows of groups) -> rows (all of them). Pure.
"""
