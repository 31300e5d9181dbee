"""Edits of YAML in place: comments and order are kept."""
