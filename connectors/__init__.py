"""Reading and writing transport: one folder a platform, one shared HTTP session."""
