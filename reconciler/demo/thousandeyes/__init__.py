"""ThousandEyes as far as its administrative API shows it: the needed part of /v7, before the accounts of a SCIM simulator.

Written from the vendor's public API documentation. What that leaves open, and was decided here: an account group that no role
stands in is left out of an answer; a person's name is written through to SCIM; a role that holds management permissions is given
only by who may assign them; what an activity log calls a change of a person.
"""
