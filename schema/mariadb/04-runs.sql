-- Runs, the budgets of their tenants, and the ledger of every movement of money.
-- tenant_id is no foreign key: inserting a run would share-lock the tenant's row before that row is
-- updated, which is how two submits deadlock. For claims there is an index by status, for claims
-- of one tenant one by tenant; no column in them is written by a heartbeat.
CREATE TABLE {prefix}runs (
    run_id           BIGINT       AUTO_INCREMENT PRIMARY KEY,
    tenant_id        VARCHAR(100) NOT NULL CHECK (char_length(tenant_id) BETWEEN 1 AND 100),
    status           VARCHAR(64)  NOT NULL
                     CHECK (status IN ('QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED')),
    priority         INT          NOT NULL,
    payload          LONGTEXT     NOT NULL,
    reserve          BIGINT       NOT NULL CHECK (reserve >= 0),
    worker           VARCHAR(255),
    lease_epoch      BIGINT       NOT NULL CHECK (lease_epoch >= 0),
    lease_expires_at DATETIME(6),
    finalize_stage   VARCHAR(64)  NOT NULL
                     CHECK (finalize_stage IN ('PENDING', 'CLAIMED', 'COMMITTED')),
    outcome          VARCHAR(64)  CHECK (outcome IN ('COMPLETED', 'FAILED')),
    result           LONGTEXT,
    amount           BIGINT,
    result_epoch     BIGINT,
    created_at       DATETIME(6)  NOT NULL,
    updated_at       DATETIME(6)  NOT NULL,
    version          BIGINT       NOT NULL DEFAULT 1,
    INDEX by_status (status, priority DESC, run_id),
    INDEX by_tenant (tenant_id, status, priority DESC, run_id),
    CHECK (lease_expires_at IS NOT NULL OR status <> 'PROCESSING'),
    CHECK (amount BETWEEN 0 AND reserve),
    -- Whoever is past PENDING has decided everything, and only then.
    CHECK ((finalize_stage = 'PENDING') = (outcome IS NULL)),
    CHECK ((outcome IS NULL) = (result IS NULL)),
    CHECK ((outcome IS NULL) = (amount IS NULL)),
    CHECK ((finalize_stage = 'COMMITTED') = (status IN ('COMPLETED', 'FAILED')))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';

CREATE TABLE {prefix}tenant_budgets (
    tenant_id    VARCHAR(100) NOT NULL PRIMARY KEY CHECK (char_length(tenant_id) BETWEEN 1 AND 100),
    budget_limit BIGINT       NOT NULL CHECK (budget_limit >= 0),
    reserved     BIGINT       NOT NULL CHECK (reserved >= 0),
    spent        BIGINT       NOT NULL CHECK (spent >= 0),
    refunded     BIGINT       NOT NULL,
    version      BIGINT       NOT NULL DEFAULT 1,
    CHECK (refunded BETWEEN 0 AND spent),
    CHECK (reserved + spent - refunded <= budget_limit)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';

-- A run is charged or voided, never both: `decided` is the same for either, and NULL for the rest.
CREATE TABLE {prefix}budget_ledger (
    run_id     BIGINT       NOT NULL,
    kind       VARCHAR(64)  NOT NULL
               CHECK (kind IN ('RESERVE', 'CHARGE', 'RELEASE', 'VOID', 'REFUND')),
    tenant_id  VARCHAR(100) NOT NULL,
    amount     BIGINT       NOT NULL CHECK (amount >= 0),
    created_at DATETIME(6)  NOT NULL,
    decided    TINYINT AS (IF(kind IN ('CHARGE', 'VOID'), 1, NULL)) PERSISTENT,
    PRIMARY KEY (run_id, kind),
    UNIQUE decided_once (run_id, decided),
    FOREIGN KEY (run_id) REFERENCES {prefix}runs (run_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';
