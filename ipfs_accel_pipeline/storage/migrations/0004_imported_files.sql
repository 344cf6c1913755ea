-- Every legacy file that a migration has seen, by the hash of its content: the memory that makes a second run a no-op.

CREATE TABLE imported_files (
    id VARCHAR PRIMARY KEY CHECK (length(id) = 64),  -- SHA-256 of the content, of an archive's member its own
    path VARCHAR NOT NULL,  -- where it was seen first; `archive!member` for members
    size_bytes BIGINT NOT NULL CHECK (size_bytes >= 0),
    shape VARCHAR,  -- NULL where it could not be read or no reader knows it
    outcome VARCHAR NOT NULL CHECK (outcome IN (
        'imported',    -- rows were written
        'duplicate',   -- all its rows were there already, from other files
        'left_out',    -- a result of which nothing may become a row
        'ignored',     -- no result: a configuration, a cache, a report about code
        'unknown',     -- no reader knows its keys
        'refused')),   -- it cannot be read
    reason VARCHAR,
    test_rows INTEGER NOT NULL CHECK (test_rows >= 0),
    performance_rows INTEGER NOT NULL CHECK (performance_rows >= 0),
    model_rows INTEGER NOT NULL CHECK (model_rows >= 0),
    hardware_rows INTEGER NOT NULL CHECK (hardware_rows >= 0),
    duplicate_rows INTEGER NOT NULL CHECK (duplicate_rows >= 0),
    refusals JSON NOT NULL,  -- [{"pointer": ..., "reason": ...}]: every part of it that became no row
    tool_version VARCHAR NOT NULL,
    imported_at TIMESTAMPTZ NOT NULL,
    CHECK (outcome = 'imported' OR reason IS NOT NULL)
);
