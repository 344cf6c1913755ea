"""A browser that is found, started, driven through a pipe and ended without a trace; and the page it shows.

In scope: which browsers there are, their life, the loopback server, the remote control, the benchmark page.
Out of scope: what is measured on it (`backends.browser`) and what a device is called (`hardware.browser`).
"""
