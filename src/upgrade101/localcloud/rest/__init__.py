"""REST APIs: moto keeps them, and they answer here."""

from .apis import RestApis

__all__ = ["RestApis"]
