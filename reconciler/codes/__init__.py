"""What can be wrong, by its stable code: what each means, why it matters, an example, how to fix it. Pure."""
