# SPDX-License-Identifier: Apache-2.0
"""A private VPC in network namespaces. Start with client.py (`Lab`), world.py (what there is) and faults/ (what breaks)."""

from .client import BINARY, Lab, LabError

__all__ = ["BINARY", "Lab", "LabError"]
