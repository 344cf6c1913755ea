"""Power, energy and temperature over the timed window: probes behind one interface, and the thread that samples them.

Unknown stays unknown: where nothing can be measured the reading says why. An estimate is made only where a person
asked for it, and is labelled `modelled`.
"""

from ipfs_accel_pipeline.benchmark.power.choice import open_power_meter
from ipfs_accel_pipeline.benchmark.power.probe import PowerMeter

__all__ = ["PowerMeter", "open_power_meter"]
