"""Declarations and a date in, the resources that should exist out. Pure.

scope (who is assigned) -> filters -> mapping, by way of expressions/ and dotnet/; resolution does all for one app. capabilities
leaves out beforehand what the service would ignore.
"""
