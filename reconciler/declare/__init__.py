"""The folder `desired/` in, checked declarations and every problem with its place and remedy out. Reads files."""
