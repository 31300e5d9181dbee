"""An access review in files: who is asked about what, what of it was decided, and what stands in the way of its end.

share (rows by reviewer) -> rows (a row as it is written, and its digest) -> known (whose an account is by now) -> standing (what
still gives what was to be removed) -> check (what is wrong with decisions) -> progress (what is missing); read_back (what is
gone). Pure.
"""
