"""A real AWS account: what is looked at and asked before the first thing is created, and how one waits there."""
