"""Lambda functions: moto keeps them, and they run here."""

from .invoker import Functions, current, outside

__all__ = ["Functions", "current", "outside"]
