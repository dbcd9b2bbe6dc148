"""The Freshworks app of Freshdesk: its package, its checks, what its pages ask of us."""
