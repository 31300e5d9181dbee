"""YAML text in, values out, each with its place."""
