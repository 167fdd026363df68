"""What a submission may do, and what it may not: the walls, as far as this machine can build them."""

from .walls import Box, Limits, Walls, find

__all__ = ["Box", "Limits", "Walls", "find"]
