"""Where everything is kept: SQLite by default, PostgreSQL by URL."""

from helpdesk_wellbeing.store.accounts import Account
from helpdesk_wellbeing.store.events import Added
from helpdesk_wellbeing.store.store import Store, open_store

__all__ = ["Account", "Added", "Store", "open_store"]
