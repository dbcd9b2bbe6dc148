"""Alembic's door: run the migrations on the connection that `migrate` gives."""

from __future__ import annotations

from alembic import context

from helpdesk_wellbeing.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
