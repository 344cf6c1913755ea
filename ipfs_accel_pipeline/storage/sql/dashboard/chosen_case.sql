-- One case that meets the filters: a NULL list is no filter. It is the table macro `chosen_cases(filters)`.
WITH wanted AS (
    SELECT unnest(filters::STRUCT(
        models VARCHAR[], hardware VARCHAR[], hardware_types VARCHAR[], families VARCHAR[], model_types VARCHAR[],
        endpoints VARCHAR[], precisions VARCHAR[], batch_sizes INTEGER[], sequence_lengths INTEGER[],
        provenances VARCHAR[], accelerations VARCHAR[], statuses VARCHAR[]
    ))
)
SELECT dashboard_case.* FROM dashboard_case, wanted
WHERE (models IS NULL OR list_contains(models, model_id))
    AND (hardware IS NULL OR list_contains(hardware, hardware_id))
    AND (hardware_types IS NULL OR list_contains(hardware_types, hardware_type))
    AND (families IS NULL OR list_contains(families, model_family))
    AND (model_types IS NULL OR list_contains(model_types, model_type))
    AND (endpoints IS NULL OR list_contains(endpoints, endpoint_type))
    AND (precisions IS NULL OR list_contains(precisions, coalesce(precision, 'unknown')))
    AND (batch_sizes IS NULL OR list_contains(batch_sizes, batch_size))
    AND (sequence_lengths IS NULL OR list_contains(sequence_lengths, sequence_length))
    AND (provenances IS NULL OR list_contains(provenances, provenance))
    AND (accelerations IS NULL OR list_contains(accelerations, acceleration))
    AND (statuses IS NULL OR list_contains(statuses, status))
