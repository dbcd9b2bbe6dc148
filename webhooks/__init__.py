"""The two doors to the helpdesk: inbound calls and outbound write-backs, one folder a platform."""
