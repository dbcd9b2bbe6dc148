"""The JSON API of review: proposals, settings, audit and surveys of one account, for whoever has its token."""
