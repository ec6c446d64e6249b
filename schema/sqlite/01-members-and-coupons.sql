-- Members, and coupons of which a limited number is issued, first come, first served.
CREATE TABLE {prefix}members (
    id      INTEGER PRIMARY KEY,
    name    TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    status  TEXT    NOT NULL CHECK (status IN ('ACTIVE', 'SUSPENDED', 'CLOSED')),
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

-- No CHECK (issued_quantity <= total_quantity): the negative controls of a race have to be able to
-- break this rule, so that the race shows that they do.
CREATE TABLE {prefix}coupons (
    id              INTEGER PRIMARY KEY,
    code            TEXT    NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 64),
    name            TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    discount_amount INTEGER NOT NULL CHECK (discount_amount >= 0),
    total_quantity  INTEGER NOT NULL CHECK (total_quantity >= 0),
    issued_quantity INTEGER NOT NULL CHECK (issued_quantity >= 0),
    starts_at       INTEGER,
    ends_at         INTEGER CHECK (starts_at IS NULL OR ends_at > starts_at),
    version         INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE {prefix}coupon_issues (
    id         INTEGER PRIMARY KEY,
    coupon_id  INTEGER NOT NULL REFERENCES {prefix}coupons (id),
    member_id  INTEGER NOT NULL REFERENCES {prefix}members (id),
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > issued_at),
    UNIQUE (coupon_id, member_id)
) STRICT;

CREATE INDEX {prefix}coupon_issues_by_member ON {prefix}coupon_issues (member_id);
