-- Generation is measured now: how many tokens a text had is part of what its times mean.

ALTER TABLE performance_results ADD COLUMN new_tokens INTEGER;

CREATE OR REPLACE VIEW latest_performance_results AS
SELECT * FROM performance_results WHERE rowid IN (
    SELECT arg_max(rowid, test_timestamp) FROM performance_results
    GROUP BY provenance, model_id, hardware_id, endpoint_type, precision, batch_size, sequence_length
);

COMMENT ON COLUMN performance_results.new_tokens IS 'Tokens that each text had after its prompt; NULL where none were written';
COMMENT ON COLUMN performance_results.time_to_first_token_ms IS 'From handing over the prompt until the host has the first token, milliseconds; NULL where details.generation of the test says why, or the model writes no text';
COMMENT ON COLUMN performance_results.time_per_output_token_ms IS 'Mean time of the later tokens, milliseconds; the batch writes together';
COMMENT ON COLUMN performance_results.tokens_per_second IS 'Batch size over time per output token: while writing, without reading the prompt';
