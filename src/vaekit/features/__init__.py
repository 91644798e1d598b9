"""Features of pictures from networks that were trained to recognise things."""

from vaekit.features.features import Features
from vaekit.features.networks import NETWORKS, Network

__all__ = ["NETWORKS", "Features", "Network"]
