"""Freshdesk's inbound calls: their proof of origin, and what they say as domain events or hints."""
