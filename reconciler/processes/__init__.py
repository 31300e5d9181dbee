"""The one room where processes are started: git, gh, and what the demo runs. Each knows its own secret and no other's."""
