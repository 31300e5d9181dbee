"""APIs beside SCIM that say which roles an account holds: one module a service, all behind one Protocol (source.py)."""
