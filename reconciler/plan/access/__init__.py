"""Who gains and who loses what by some changes, and what ends on which day: one row a person and role or group.

given (which assignments reach whom, and until when) -> lasting (what becomes of it then) -> lost (what gave what goes, and what
remains) -> members (rows of groups) -> rows (all of them); beside these endings (who has what until another day).

held is who has what now. Who had it: one_record (what a record of the log says) and keys (who it is of) -> told (what all of them
say of each thing) and unheard (what writes without an outcome leave in doubt) -> past (whether it was so at a time) -> role_names
(what truly gave a role that is called otherwise) -> had (rows of a time; from_log makes them) -> moved (between two times),
filled (what was declared, where the log has a gap) and called (by any name). Pure.
"""
