-- One measured case that became worse: its newest test no longer passes though it once gave numbers, or its newest
-- median is slower than the one before it and their intervals do not overlap. A test of which every round fell into a
-- slow phase of the host is no evidence of that. Worst first.
SELECT
    *, p50_latency_ms / previous_p50_ms AS p50_ratio_to_previous,
    CASE WHEN success THEN 'slower' ELSE 'no longer passes' END AS change
FROM chosen_cases($filters)
WHERE provenance = 'measured' AND p50_latency_ms IS NOT NULL
    AND ((NOT success AND status <> 'skipped' AND tested_at > result_at)
        OR (success AND previous_is_comparable AND ci95_low_ms > previous_high_ms AND slow_rounds < rounds))
ORDER BY success, p50_ratio_to_previous DESC, tested_at DESC, test_id
LIMIT coalesce($count, 100)
