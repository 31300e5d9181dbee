"""The record in Git: a ref of its own, which is also the lock."""
