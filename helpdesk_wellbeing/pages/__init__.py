"""What each page shows to whom: gated models without HTML or HTTP, one module a page."""
