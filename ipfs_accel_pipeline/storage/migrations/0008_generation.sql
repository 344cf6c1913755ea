-- Generation is measured now; the comments said that it was not.

COMMENT ON COLUMN performance_results.time_to_first_token_ms IS 'From handing over the prompt until the host has the first token, milliseconds; NULL where details.generation of the test says why, or the model writes no text';
COMMENT ON COLUMN performance_results.time_per_output_token_ms IS 'Mean time of the later tokens, milliseconds; the batch writes together';
COMMENT ON COLUMN performance_results.tokens_per_second IS 'Batch size over time per output token: while writing, without reading the prompt';
