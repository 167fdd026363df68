"""What ``start.py bench`` and ``start.py soak`` run: the local gateway measured, and put under strain."""
