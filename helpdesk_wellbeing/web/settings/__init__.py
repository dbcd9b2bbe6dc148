"""The pages of settings: read by those who look after the account, changed by its admins."""
