"""What the soak is made of: a gateway that keeps books, handlers with faults, and guests who do not behave."""
