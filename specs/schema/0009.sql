-- Schema 9: files that are trials because of the folder they came by (a partner's test_rule).

ALTER TABLE files ADD COLUMN from_test_folder INTEGER NOT NULL DEFAULT 0;
