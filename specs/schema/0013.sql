-- Schema 13: what a partner sent last.

CREATE INDEX files_by_partner ON files(partner, file_no);
