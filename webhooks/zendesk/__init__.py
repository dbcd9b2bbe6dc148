"""Zendesk's inbound calls: their signature, and what they say as domain events."""
