"""What an account is set to: one module a page; gated models, no HTTP."""
