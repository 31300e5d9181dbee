"""The one room where processes are started: git, gh, and what the demo runs. Each knows its own secret and no other's.

Beside them many files are parsed, and many apps planned, in processes that are copies of this one (cores.py).
"""
