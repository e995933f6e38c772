-- Schema 3: full files (BGN08 RX) and audits (BGN08 4).

-- Which sets are one, when the sender made it, and for whom. An ordinary set has no row.
CREATE TABLE full_sets(
	tset_no INTEGER PRIMARY KEY REFERENCES tsets,
	mode TEXT NOT NULL CHECK(mode IN ('replace', 'audit')),
	file_on INTEGER,
	sponsor_id TEXT NOT NULL
) STRICT;

-- The groups that a full set's records name: its scope.
CREATE TABLE full_groups(
	tset_no INTEGER NOT NULL REFERENCES full_sets,
	group_id TEXT NOT NULL,
	PRIMARY KEY(tset_no, group_id)
) STRICT, WITHOUT ROWID;
-- Which full file named this group last?
CREATE INDEX full_groups_by_group ON full_groups(group_id);

-- Active members of those groups whom no record means, and what became of each. member_pos 0: nothing was done.
CREATE TABLE omissions(
	tset_no INTEGER NOT NULL REFERENCES full_sets,
	group_id TEXT NOT NULL,
	member_no INTEGER NOT NULL REFERENCES members,
	member_pos INTEGER NOT NULL,
	outcome TEXT NOT NULL CHECK(outcome IN ('ended', 'waits', 'kept')),
	absences INTEGER NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY(tset_no, group_id, member_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX omissions_by_member ON omissions(member_no);

-- What an audit found, line by line.
CREATE TABLE discrepancies(
	tset_no INTEGER NOT NULL REFERENCES full_sets,
	line_no INTEGER NOT NULL,
	member_pos INTEGER NOT NULL,
	member_no INTEGER REFERENCES members,
	subscriber_id TEXT NOT NULL,
	outcome TEXT NOT NULL CHECK(outcome IN ('differs', 'only_in_file', 'only_in_database', 'unsure')),
	field TEXT NOT NULL,
	stored TEXT NOT NULL,
	sent TEXT NOT NULL,
	PRIMARY KEY(tset_no, line_no)
) STRICT, WITHOUT ROWID;
