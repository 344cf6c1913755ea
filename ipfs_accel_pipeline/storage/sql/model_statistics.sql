-- One model that was tested, over all of its measured tests; the fastest is by the latest median latency per item.
WITH tests AS (
    SELECT
        model_id,
        count(DISTINCT hardware_id) AS platforms_tested,
        count(DISTINCT hardware_id) FILTER (WHERE success) AS platforms_passed,
        count(*) AS tests,
        count(*) FILTER (WHERE success) AS tests_passed,
        count(*) FILTER (WHERE success)
            / nullif(count(*) FILTER (WHERE status NOT IN ('unsupported', 'skipped')), 0) AS success_rate,
        max(timestamp) AS last_test
    FROM test_results WHERE provenance = 'measured' GROUP BY model_id
),
fastest AS (
    SELECT
        model_id,
        min_by(hardware_id, p50_latency_ms / batch_size) AS fastest_hardware_id,
        min_by(endpoint_type, p50_latency_ms / batch_size) AS fastest_endpoint_type,
        min_by(precision, p50_latency_ms / batch_size) AS fastest_precision,
        min(p50_latency_ms / batch_size) AS fastest_p50_ms_per_item,
        max(throughput_items_per_second) AS highest_throughput_items_per_second
    FROM latest_performance_results WHERE provenance = 'measured' GROUP BY model_id
)
SELECT
    model.model_id, model.model_name, model.model_family, model.model_type, model.modality, model.model_size,
    model.parameters_million, tests.* EXCLUDE (model_id), fastest.* EXCLUDE (model_id)
FROM tests
JOIN models AS model USING (model_id)
LEFT JOIN fastest USING (model_id)
ORDER BY model.model_id
