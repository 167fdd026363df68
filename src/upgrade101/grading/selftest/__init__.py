"""A class that nobody should have: honest, broken and hostile submissions, with the marks that each must get."""
