"""The metadata of the schema, in which every table is registered."""

import sqlalchemy as sa

metadata = sa.MetaData()
