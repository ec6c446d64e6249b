-- Ticket orders, their payment and what was bought.
CREATE TABLE {prefix}lotto_publishes (
    id        BIGINT AUTO_INCREMENT PRIMARY KEY,
    member_id BIGINT NOT NULL,
    `lines`   TEXT   NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';

-- No CHECK (approvals <= 1): the negative controls of a race have to be able to break this rule,
-- so that the race shows that they do. What was left PENDING for too long is found by its time:
-- pending_since is NULL whenever an order is not PENDING.
CREATE TABLE {prefix}orders (
    id               BIGINT       AUTO_INCREMENT PRIMARY KEY,
    lotto_publish_id BIGINT       NOT NULL,
    member_id        BIGINT       NOT NULL,
    amount           BIGINT       NOT NULL CHECK (amount > 0),
    status           VARCHAR(64)  NOT NULL
                     CHECK (status IN ('WAITING', 'PENDING', 'COMPLETE', 'CANCELLED')),
    payment_key      VARCHAR(200) UNIQUE CHECK (char_length(payment_key) BETWEEN 1 AND 200),
    epoch            BIGINT       NOT NULL CHECK (epoch >= 0),
    pending_since    DATETIME(6),
    refund_to        VARCHAR(64)  CHECK (refund_to IN ('WAITING', 'CANCELLED')),
    approvals        BIGINT       NOT NULL CHECK (approvals >= 0),
    version          BIGINT       NOT NULL DEFAULT 1,
    INDEX by_pending_since (pending_since),
    FOREIGN KEY (lotto_publish_id) REFERENCES {prefix}lotto_publishes (id),
    CHECK (pending_since IS NOT NULL OR status <> 'PENDING')
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';

CREATE TABLE {prefix}bills (
    id          BIGINT       AUTO_INCREMENT PRIMARY KEY,
    order_id    BIGINT       NOT NULL UNIQUE,
    payment_key VARCHAR(200) NOT NULL UNIQUE,
    charge_id   VARCHAR(255) NOT NULL,
    amount      BIGINT       NOT NULL CHECK (amount > 0),
    FOREIGN KEY (order_id) REFERENCES {prefix}orders (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';

CREATE TABLE {prefix}tickets (
    id               BIGINT AUTO_INCREMENT PRIMARY KEY,
    order_id         BIGINT NOT NULL UNIQUE,
    bill_id          BIGINT NOT NULL UNIQUE,
    lotto_publish_id BIGINT NOT NULL,
    FOREIGN KEY (order_id) REFERENCES {prefix}orders (id),
    FOREIGN KEY (bill_id) REFERENCES {prefix}bills (id),
    FOREIGN KEY (lotto_publish_id) REFERENCES {prefix}lotto_publishes (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';

CREATE TABLE {prefix}payment_claims (
    payment_key VARCHAR(200) PRIMARY KEY,
    order_id    BIGINT       NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';
