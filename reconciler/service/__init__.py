"""The running service: each app's clock, its cycles one after the other, and what becomes of an app that fails."""
