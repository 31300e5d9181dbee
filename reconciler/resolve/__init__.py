"""Declarations of one app in, the resources that it is to have out: scope, mappings, expressions. Pure."""
