"""Clouds that are not in this process: another endpoint for every AWS API, and what can be seen of one from outside."""
