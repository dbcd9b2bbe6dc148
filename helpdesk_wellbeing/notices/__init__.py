"""Telling people by e-mail and in chat that something waits for them: rarely, never at night, naming nobody."""
