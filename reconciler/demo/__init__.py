"""Simulators of real services, for the demo and the tests: a real SCIM server, less what its profile says that it lacks."""
