"""What a person or a program reads: a plan, an explanation or problems in; text, Markdown, JSON or annotations out. Pure."""
