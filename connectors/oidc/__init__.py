"""Signing people in with any OpenID Connect provider."""
