"""The three ways into Qualcomm hardware: an NPU here, the emulator of one, and real devices in the cloud (AI Hub)."""
