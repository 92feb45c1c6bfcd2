"""People: who a visitor is, without an account."""
