"""Pages that are made from the code, and what holds that they are current."""
