"""Who may see what: roles, people who may sign in, their sessions. Knows no HTTP."""
