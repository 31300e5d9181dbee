"""Entra's expressions: text in, values out. Pure."""
