-- Schema 18: records of which a decision has brought notices that are not written out yet.

CREATE TABLE notices_owed(
	tset_no INTEGER NOT NULL,
	member_pos INTEGER NOT NULL,
	PRIMARY KEY(tset_no, member_pos)
) STRICT, WITHOUT ROWID;
