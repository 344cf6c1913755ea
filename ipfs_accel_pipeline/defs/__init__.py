"""Everything that knows Dagster. Each asset connects the layers below and tells the UI what happened.

No module here says `from __future__ import annotations`: Dagster 1.13 reads annotations at run time.
"""
