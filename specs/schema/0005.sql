-- Schema 5: labels, what representatives said about who is meant and what they were shown; which model weighed.

-- The model by which a file's records were matched.
ALTER TABLE files ADD COLUMN model TEXT NOT NULL DEFAULT '';

-- Who was sent (match_identity); NULL: no person, or an item of before this schema.
ALTER TABLE exceptions ADD COLUMN identity BLOB;

-- "Not the same": said of a person as sent and a member. Until now nothing was ever written here.
DROP TABLE not_same;
CREATE TABLE not_same(
	identity BLOB NOT NULL,
	member_no INTEGER NOT NULL,
	exception_no INTEGER NOT NULL,
	operator_id TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	PRIMARY KEY(identity, member_no)
) STRICT, WITHOUT ROWID;

-- One row a decision; version is the item's behind it, as in decisions. member_no: whom the verdict names.
CREATE TABLE labels(
	label_no INTEGER PRIMARY KEY,
	exception_no INTEGER NOT NULL REFERENCES exceptions,
	version INTEGER NOT NULL,
	verdict TEXT NOT NULL CHECK(verdict IN ('same', 'not_same', 'new')),
	member_no INTEGER,
	model TEXT NOT NULL,
	operator_id TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	withdrawn INTEGER NOT NULL,
	UNIQUE(exception_no, version)
) STRICT;

-- The candidates that were shown, in that order. evidence: JSON, the level and its bits for each field, no values of
-- the person.
CREATE TABLE label_candidates(
	label_no INTEGER NOT NULL REFERENCES labels,
	rank INTEGER NOT NULL,
	member_no INTEGER NOT NULL,
	score_e6 INTEGER NOT NULL,
	evidence TEXT NOT NULL,
	PRIMARY KEY(label_no, rank)
) STRICT, WITHOUT ROWID;
