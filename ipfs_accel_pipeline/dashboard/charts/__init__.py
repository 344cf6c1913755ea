"""Figures for plotly.js as plain data: what is drawn, never how the page is styled.

A colour is a name ("@series-1"): the script puts in the value of the page's style, for light and dark. Series differ in
their markers too, never in colour alone. A figure of results holds a link for each point in `customdata`.
"""

from ipfs_accel_pipeline.dashboard.charts.cases import bars, over_batch
from ipfs_accel_pipeline.dashboard.charts.fields import heatmap, pareto, scatter3d
from ipfs_accel_pipeline.dashboard.charts.history import trend
from ipfs_accel_pipeline.dashboard.charts.latencies import distribution, in_order, ranges
from ipfs_accel_pipeline.dashboard.charts.parts import Figure, short

__all__ = [
    "Figure",
    "bars",
    "distribution",
    "heatmap",
    "in_order",
    "over_batch",
    "pareto",
    "ranges",
    "scatter3d",
    "short",
    "trend",
]
