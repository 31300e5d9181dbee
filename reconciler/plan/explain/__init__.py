"""What becomes of one object and why: a plan or declarations in, steps with verdicts and edits out. Pure."""
