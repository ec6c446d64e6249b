-- Ticket orders, their payment and what was bought.
CREATE TABLE {prefix}lotto_publishes (
    id        INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL,
    lines     TEXT    NOT NULL
) STRICT;

-- No CHECK (approvals <= 1): the negative controls of a race have to be able to break this rule,
-- so that the race shows that they do.
CREATE TABLE {prefix}orders (
    id               INTEGER PRIMARY KEY,
    lotto_publish_id INTEGER NOT NULL REFERENCES {prefix}lotto_publishes (id),
    member_id        INTEGER NOT NULL,
    amount           INTEGER NOT NULL CHECK (amount > 0),
    status           TEXT    NOT NULL
                     CHECK (status IN ('WAITING', 'PENDING', 'COMPLETE', 'CANCELLED')),
    payment_key      TEXT    UNIQUE CHECK (length(payment_key) BETWEEN 1 AND 200),
    epoch            INTEGER NOT NULL CHECK (epoch >= 0),
    pending_since    INTEGER CHECK (pending_since IS NOT NULL OR status <> 'PENDING'),
    refund_to        TEXT    CHECK (refund_to IN ('WAITING', 'CANCELLED')),
    approvals        INTEGER NOT NULL CHECK (approvals >= 0),
    version          INTEGER NOT NULL DEFAULT 1
) STRICT;

-- What was left PENDING for too long is found without looking at everything that was ever sold.
CREATE INDEX {prefix}orders_by_pending_since ON {prefix}orders (pending_since)
    WHERE status = 'PENDING';

CREATE TABLE {prefix}bills (
    id          INTEGER PRIMARY KEY,
    order_id    INTEGER NOT NULL UNIQUE REFERENCES {prefix}orders (id),
    payment_key TEXT    NOT NULL UNIQUE,
    charge_id   TEXT    NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount > 0)
) STRICT;

CREATE TABLE {prefix}tickets (
    id               INTEGER PRIMARY KEY,
    order_id         INTEGER NOT NULL UNIQUE REFERENCES {prefix}orders (id),
    bill_id          INTEGER NOT NULL UNIQUE REFERENCES {prefix}bills (id),
    lotto_publish_id INTEGER NOT NULL REFERENCES {prefix}lotto_publishes (id)
) STRICT;

CREATE TABLE {prefix}payment_claims (
    payment_key TEXT    PRIMARY KEY,
    order_id    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
