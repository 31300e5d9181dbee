"""Which live object belongs to which declared one: by the record's id, else by matching attributes.

model (what is found, and what is looked at) <- by_record, by_attribute <- match (both in turn, for users, then for groups). Pure.
"""
