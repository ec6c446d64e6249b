-- Runs, the budgets of their tenants, and the ledger of every movement of money.
-- tenant_id is no foreign key: on engines that lock rows, inserting a run would share-lock the
-- tenant's row before that row is updated, which is how two submits deadlock.
CREATE TABLE {prefix}runs (
    run_id           INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id        TEXT    NOT NULL CHECK (length(tenant_id) BETWEEN 1 AND 100),
    status           TEXT    NOT NULL
                     CHECK (status IN ('QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED')),
    priority         INTEGER NOT NULL,
    payload          TEXT    NOT NULL,
    reserve          INTEGER NOT NULL CHECK (reserve >= 0),
    worker           TEXT,
    lease_epoch      INTEGER NOT NULL CHECK (lease_epoch >= 0),
    lease_expires_at INTEGER CHECK (lease_expires_at IS NOT NULL OR status <> 'PROCESSING'),
    finalize_stage   TEXT    NOT NULL
                     CHECK (finalize_stage IN ('PENDING', 'CLAIMED', 'COMMITTED')),
    outcome          TEXT    CHECK (outcome IN ('COMPLETED', 'FAILED')),
    result           TEXT,
    amount           INTEGER CHECK (amount BETWEEN 0 AND reserve),
    result_epoch     INTEGER,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    version          INTEGER NOT NULL DEFAULT 1,
    -- Whoever is past PENDING has decided everything, and only then.
    CHECK ((finalize_stage = 'PENDING') = (outcome IS NULL)),
    CHECK ((outcome IS NULL) = (result IS NULL)),
    CHECK ((outcome IS NULL) = (amount IS NULL)),
    CHECK ((finalize_stage = 'COMMITTED') = (status IN ('COMPLETED', 'FAILED')))
) STRICT;

-- For claims, of all tenants and of one, and for what looks at runs in work. No column here is
-- written by a heartbeat.
CREATE INDEX {prefix}runs_by_status ON {prefix}runs (status, priority DESC, run_id);
CREATE INDEX {prefix}runs_by_tenant ON {prefix}runs (tenant_id, status, priority DESC, run_id);

CREATE TABLE {prefix}tenant_budgets (
    tenant_id    TEXT    NOT NULL PRIMARY KEY CHECK (length(tenant_id) BETWEEN 1 AND 100),
    budget_limit INTEGER NOT NULL CHECK (budget_limit >= 0),
    reserved     INTEGER NOT NULL CHECK (reserved >= 0),
    spent        INTEGER NOT NULL CHECK (spent >= 0),
    refunded     INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND spent),
    version      INTEGER NOT NULL DEFAULT 1,
    CHECK (reserved + spent - refunded <= budget_limit)
) STRICT;

CREATE TABLE {prefix}budget_ledger (
    run_id     INTEGER NOT NULL REFERENCES {prefix}runs (run_id),
    kind       TEXT    NOT NULL
               CHECK (kind IN ('RESERVE', 'CHARGE', 'RELEASE', 'VOID', 'REFUND')),
    tenant_id  TEXT    NOT NULL,
    amount     INTEGER NOT NULL CHECK (amount >= 0),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, kind)
) STRICT;

-- A run is charged or voided, never both.
CREATE UNIQUE INDEX {prefix}budget_ledger_decided ON {prefix}budget_ledger (run_id)
    WHERE kind IN ('CHARGE', 'VOID');
