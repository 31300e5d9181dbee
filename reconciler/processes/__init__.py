"""The one room where processes are started: git, gh, and what the demo runs. Each knows its own secret and no other's.

Beside them a plan of many apps goes on in processes that are copies of this one (cores.py).
"""
