-- Schema 22: what each run did, and the manifest of what it wrote. Rows tell of a run as it ended: what becomes of a file
-- afterwards stands under the run that did it.

CREATE TABLE runs(
	run_no INTEGER PRIMARY KEY,
	verb TEXT NOT NULL,
	version TEXT NOT NULL,
	as_of INTEGER,
	operator_id TEXT NOT NULL,
	started_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE run_files(
	run_no INTEGER NOT NULL REFERENCES runs,
	file_no INTEGER NOT NULL REFERENCES files,
	released INTEGER NOT NULL,
	outcome TEXT NOT NULL,
	reason TEXT NOT NULL,
	members_read INTEGER NOT NULL, members_applied INTEGER NOT NULL, members_no_change INTEGER NOT NULL,
	members_exception INTEGER NOT NULL, members_rejected INTEGER NOT NULL, members_duplicate INTEGER NOT NULL,
	members_held INTEGER NOT NULL,
	money_read INTEGER NOT NULL, money_posted INTEGER NOT NULL, money_suspended INTEGER NOT NULL,
	money_rejected INTEGER NOT NULL, money_duplicate INTEGER NOT NULL, money_held INTEGER NOT NULL,
	PRIMARY KEY(run_no, file_no)
) STRICT, WITHOUT ROWID;
-- Which run was the last to write this file's outputs?
CREATE INDEX run_files_by_file ON run_files(file_no, run_no);

-- rows: of a table, without its header; NULL where it is none.
CREATE TABLE run_outputs(
	run_no INTEGER NOT NULL,
	file_no INTEGER NOT NULL,
	name TEXT NOT NULL,
	sha256 BLOB NOT NULL,
	bytes INTEGER NOT NULL,
	rows INTEGER,
	PRIMARY KEY(run_no, file_no, name),
	FOREIGN KEY(run_no, file_no) REFERENCES run_files
) STRICT, WITHOUT ROWID;
