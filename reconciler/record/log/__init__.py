"""The log of one app: a chain of records, what it tells of, where its lines lie, and the proof that none is missing."""
