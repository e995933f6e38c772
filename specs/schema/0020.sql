-- Schema 20: what was removed of a received file when it had been kept long enough, and what must be kept however old it is.

-- The row comes before the removal and says afterwards that it is done: one that was cut short is ended (src/batch/retention.c).
CREATE TABLE removals(
	file_no INTEGER NOT NULL REFERENCES files,
	what TEXT NOT NULL CHECK(what IN ('original', 'outputs')),
	at_ms INTEGER NOT NULL,
	done INTEGER NOT NULL,
	PRIMARY KEY(file_no, what)
) STRICT, WITHOUT ROWID;
CREATE INDEX removals_owed ON removals(file_no) WHERE done = 0;

-- Orders of a court or an authority. What they are about: a file ("F00000012"), or "partner:", "group:", "member:" and an id.
CREATE TABLE legal_holds(
	subject TEXT PRIMARY KEY,
	note TEXT NOT NULL,
	operator_id TEXT NOT NULL,
	at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
