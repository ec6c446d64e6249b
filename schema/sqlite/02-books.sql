-- Books, which several clients edit. AUTOINCREMENT: the key of a removed book never comes back, so
-- a version remembered for the old book can never match a new one.
CREATE TABLE {prefix}books (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    title   TEXT    NOT NULL CHECK (length(title) BETWEEN 1 AND 500),
    author  TEXT    NOT NULL CHECK (length(author) BETWEEN 1 AND 200),
    price   INTEGER NOT NULL CHECK (price >= 0),
    text    TEXT    NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;
