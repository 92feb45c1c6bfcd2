"""One module for each revision. Alembic finds the modules itself."""
