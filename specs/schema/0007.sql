-- Schema 7: how the matching of each file went when it was filed, which later nights are measured by.

-- Of its records: taken for a member on file, taken for new, left to a representative.
CREATE TABLE matchings(
	file_no INTEGER PRIMARY KEY REFERENCES files,
	partner TEXT NOT NULL,
	full INTEGER NOT NULL,
	matched INTEGER NOT NULL,
	added INTEGER NOT NULL,
	review INTEGER NOT NULL,
	expected_wrong_e6 INTEGER NOT NULL
) STRICT;
-- The last files of a partner before one.
CREATE INDEX matchings_by_partner ON matchings(partner, full, file_no);
