-- Schema 8: members by name, as representatives look for them. Names are compared as they are typed: without case.

CREATE INDEX members_by_name ON members(last_name COLLATE NOCASE);
