"""The collection that every table joins."""

import sqlalchemy as sa

metadata = sa.MetaData()
