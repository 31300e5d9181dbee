"""What a service or Entra has in, the text of declarations that say so out. Reads services and files."""
