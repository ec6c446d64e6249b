-- Members, and coupons of which a limited number is issued, first come, first served.
CREATE TABLE {prefix}members (
    id      BIGINT       AUTO_INCREMENT PRIMARY KEY,
    name    VARCHAR(200) NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    status  VARCHAR(64)  NOT NULL CHECK (status IN ('ACTIVE', 'SUSPENDED', 'CLOSED')),
    version BIGINT       NOT NULL DEFAULT 1
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';

-- No CHECK (issued_quantity <= total_quantity): the negative controls of a race have to be able to
-- break this rule, so that the race shows that they do.
CREATE TABLE {prefix}coupons (
    id              BIGINT       AUTO_INCREMENT PRIMARY KEY,
    code            VARCHAR(64)  NOT NULL UNIQUE CHECK (char_length(code) BETWEEN 1 AND 64),
    name            VARCHAR(200) NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    discount_amount BIGINT       NOT NULL CHECK (discount_amount >= 0),
    total_quantity  BIGINT       NOT NULL CHECK (total_quantity >= 0),
    issued_quantity BIGINT       NOT NULL CHECK (issued_quantity >= 0),
    starts_at       DATETIME(6),
    ends_at         DATETIME(6),
    version         BIGINT       NOT NULL DEFAULT 1,
    CHECK (starts_at IS NULL OR ends_at > starts_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';

CREATE TABLE {prefix}coupon_issues (
    id         BIGINT      AUTO_INCREMENT PRIMARY KEY,
    coupon_id  BIGINT      NOT NULL,
    member_id  BIGINT      NOT NULL,
    issued_at  DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    UNIQUE (coupon_id, member_id),
    INDEX by_member (member_id),
    FOREIGN KEY (coupon_id) REFERENCES {prefix}coupons (id),
    FOREIGN KEY (member_id) REFERENCES {prefix}members (id),
    CHECK (expires_at > issued_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';
