"""One pass over one app: open the record, read, plan, guard and, under a lock, write. Commands and tests go through it."""
