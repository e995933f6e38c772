-- Schema 6: what else is told of a person, his provider, court-ordered cover; and warnings.

ALTER TABLE members ADD COLUMN pcp_id TEXT NOT NULL DEFAULT '';
-- Lines "name=value", as include/muster/tbl/facts.h lists them.
ALTER TABLE members ADD COLUMN facts TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN support_order INTEGER NOT NULL DEFAULT 0;

-- What a person should know of a record beside its outcome.
CREATE TABLE warnings(
	tset_no INTEGER NOT NULL REFERENCES tsets,
	member_pos INTEGER NOT NULL,
	text TEXT NOT NULL,
	later INTEGER NOT NULL, -- by a representative's decision on the record
	PRIMARY KEY(tset_no, member_pos, text)
) STRICT, WITHOUT ROWID;
