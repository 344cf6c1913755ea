-- A file whose content leaves the model to its name is known by both: the same content may lie under many names.
COMMENT ON COLUMN imported_files.id IS 'Primary key: SHA-256 of the content, with the model where only the name tells it';
