-- Whether the figures that a file claims were taken too; a later import that accepts them reads the others again.
ALTER TABLE imported_files ADD COLUMN claims_accepted BOOLEAN;
COMMENT ON COLUMN imported_files.claims_accepted IS
    'Whether figures that it only claims were accepted; NULL for older imports, which took none or did not say';
