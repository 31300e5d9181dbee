"""What .NET does, apart from what SCIM does. Pure."""
