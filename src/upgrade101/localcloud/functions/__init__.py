"""Lambda functions: moto keeps them, and they run here."""

from .invoker import PROCESSES, THREADS, Functions, current, outside

__all__ = ["PROCESSES", "THREADS", "Functions", "current", "outside"]
