-- Schema 19: what a person says of a sampled automatic decision is a label too. Such a decision is no exception: its label
-- names the file and the record ("F00000012-1-3") and says who was sent.

CREATE TABLE new_labels(
	label_no INTEGER PRIMARY KEY,
	exception_no INTEGER REFERENCES exceptions,
	file_no INTEGER REFERENCES files,
	record_id TEXT,
	identity BLOB,
	version INTEGER NOT NULL,
	verdict TEXT NOT NULL CHECK(verdict IN ('same', 'not_same', 'new')),
	member_no INTEGER,
	model TEXT NOT NULL,
	operator_id TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	withdrawn INTEGER NOT NULL,
	UNIQUE(exception_no, version),
	UNIQUE(record_id, version),
	CHECK((exception_no IS NULL) = (record_id IS NOT NULL)),
	CHECK((record_id IS NULL) = (file_no IS NULL) AND (record_id IS NULL) = (identity IS NULL))
) STRICT;
INSERT INTO new_labels(label_no, exception_no, version, verdict, member_no, model, operator_id, at_ms, withdrawn)
SELECT label_no, exception_no, version, verdict, member_no, model, operator_id, at_ms, withdrawn FROM labels;

-- The rows that point at the old table go before it.
CREATE TABLE new_label_candidates(
	label_no INTEGER NOT NULL REFERENCES new_labels,
	rank INTEGER NOT NULL,
	member_no INTEGER NOT NULL,
	score_e6 INTEGER NOT NULL,
	evidence TEXT NOT NULL,
	PRIMARY KEY(label_no, rank)
) STRICT, WITHOUT ROWID;
INSERT INTO new_label_candidates SELECT label_no, rank, member_no, score_e6, evidence FROM label_candidates;
DROP TABLE label_candidates;
DROP TABLE labels;
ALTER TABLE new_labels RENAME TO labels;
ALTER TABLE new_label_candidates RENAME TO label_candidates;
