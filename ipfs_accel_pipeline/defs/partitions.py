"""One partition per available device, named by its hardware_id. The sensor and the detection asset add them."""

import dagster as dg

HARDWARE = "hardware"
hardware_partitions = dg.DynamicPartitionsDefinition(name=HARDWARE)
