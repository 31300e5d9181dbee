"""The commands of `reconcile`: options in, text on the streams and an exit code out; one module a command, named like it."""
