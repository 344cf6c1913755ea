-- What follows from the history: which version of a model was measured, where performance changed, what to use.
--
-- test_results.model_version_id points at model_versions. It is no foreign key, because DuckDB cannot add one to a
-- table that exists; the check `unknown_model_version` watches over it instead.

CREATE TABLE model_versions (
    model_version_id VARCHAR PRIMARY KEY,  -- the digest of the bundle: of everything that the measured files depend on
    model_id VARCHAR NOT NULL REFERENCES models (model_id),
    source VARCHAR NOT NULL,  -- catalogue | user_catalogue | hub | folder | onnx | openvino | mlflow
    repository VARCHAR,  -- hub repository, folder or file name, name in a registry
    revision VARCHAR,  -- commit of the hub, sha256 of files, version in a registry
    weights VARCHAR CHECK (weights IN ('pretrained', 'random')),
    weights_digest VARCHAR,
    precision VARCHAR,  -- of the weights as they came; what a run used is in test_results.precision
    config_digest VARCHAR,
    first_seen_at TIMESTAMPTZ NOT NULL,
    details JSON NOT NULL,  -- aliases and tags of a registry, library versions that made the bundle
    CHECK (model_version_id <> '')
);

-- One row is one place in one series (model, hardware, endpoint, precision, batch, sequence, metric) where its level
-- changed, or a series that is too restless to say so (kind = 'unstable', then without numbers).
CREATE TABLE performance_changes (
    id VARCHAR PRIMARY KEY,
    model_id VARCHAR NOT NULL REFERENCES models (model_id),
    hardware_id VARCHAR NOT NULL REFERENCES hardware_platforms (hardware_id),
    endpoint_type VARCHAR NOT NULL,
    precision VARCHAR NOT NULL,
    batch_size INTEGER NOT NULL,
    sequence_length INTEGER,
    metric VARCHAR NOT NULL,  -- a column of performance_results, or parity_cosine or success of test_results
    kind VARCHAR NOT NULL CHECK (kind IN ('regression', 'improvement', 'unstable')),
    last_before_at TIMESTAMPTZ NOT NULL,  -- the last test at the old level
    changed_at TIMESTAMPTZ NOT NULL,  -- the first test at the new level
    test_id_before VARCHAR NOT NULL,
    test_id_after VARCHAR NOT NULL,
    value_before DOUBLE,  -- medians of the two levels, in the unit of the metric
    value_after DOUBLE,
    relative_change DOUBLE,  -- value_after / value_before - 1
    relative_change_low DOUBLE,  -- 95 % bootstrap interval; NULL where each level is one number without spread
    relative_change_high DOUBLE,
    confidence DOUBLE CHECK (confidence BETWEEN 0 AND 1),  -- 1 - the p-value adjusted for the number of comparisons
    points_before INTEGER NOT NULL CHECK (points_before > 0),
    points_after INTEGER NOT NULL CHECK (points_after > 0),
    what_changed JSON NOT NULL,  -- [{"what", "before", "after"}]: versions, driver, model, host, settings
    reason VARCHAR,  -- of an unstable series
    found_at TIMESTAMPTZ NOT NULL,
    still_found BOOLEAN NOT NULL,  -- false: with more data the analysis no longer sees it
    recovered_at TIMESTAMPTZ,  -- when the series came back to its old level, if it did
    status VARCHAR NOT NULL CHECK (status IN ('new', 'acknowledged', 'expected', 'fixed')),
    note VARCHAR,
    reviewed_at TIMESTAMPTZ,
    notified_at TIMESTAMPTZ,
    CHECK (kind <> 'unstable' OR reason IS NOT NULL),
    CHECK (kind = 'unstable' OR (value_before IS NOT NULL AND value_after IS NOT NULL AND confidence IS NOT NULL)),
    CHECK (relative_change_low <= relative_change_high)
);

-- One row is one candidate (hardware, endpoint, threads) for one model at one precision and shape, judged by one preference:
-- the recommended one, those that tie with it, and all others with the reason why not.
CREATE TABLE recommendations (
    id VARCHAR PRIMARY KEY,
    model_id VARCHAR NOT NULL REFERENCES models (model_id),
    hardware_id VARCHAR NOT NULL REFERENCES hardware_platforms (hardware_id),
    endpoint_type VARCHAR NOT NULL,
    precision VARCHAR NOT NULL,
    batch_size INTEGER NOT NULL,
    sequence_length INTEGER,
    threads INTEGER,  -- that the runtime was given: another number is another candidate
    weights VARCHAR CHECK (weights IN ('pretrained', 'random')),
    prefer VARCHAR NOT NULL CHECK (prefer IN ('latency', 'throughput', 'energy', 'cost')),
    verdict VARCHAR NOT NULL CHECK (verdict IN ('recommended', 'tie', 'behind', 'dominated', 'ruled_out')),
    place INTEGER CHECK (place > 0),  -- 1 is the best; NULL where ruled out
    probability_best DOUBLE CHECK (probability_best BETWEEN 0 AND 1),
    p50_latency_ms DOUBLE,
    p99_latency_ms DOUBLE,
    throughput_items_per_second DOUBLE,
    memory_peak_mb DOUBLE,
    power_watts DOUBLE,
    energy_efficiency_items_per_joule DOUBLE,
    evidence_runs INTEGER NOT NULL CHECK (evidence_runs >= 0),
    newest_evidence_at TIMESTAMPTZ,
    reason VARCHAR NOT NULL,
    decided_at TIMESTAMPTZ NOT NULL,
    CHECK ((verdict = 'ruled_out') = (place IS NULL)),
    CHECK (verdict = 'ruled_out' OR probability_best IS NOT NULL)
);
