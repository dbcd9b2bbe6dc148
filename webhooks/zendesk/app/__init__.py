"""The app inside Zendesk: its package, its signed pages, its frames."""
