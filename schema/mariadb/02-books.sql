-- Books, which several clients edit. The key of a removed book never comes back, so a version
-- remembered for the old book can never match a new one.
CREATE TABLE {prefix}books (
    id      BIGINT       AUTO_INCREMENT PRIMARY KEY,
    title   VARCHAR(500) NOT NULL CHECK (char_length(title) BETWEEN 1 AND 500),
    author  VARCHAR(200) NOT NULL CHECK (char_length(author) BETWEEN 1 AND 200),
    price   BIGINT       NOT NULL CHECK (price >= 0),
    text    LONGTEXT     NOT NULL,
    version BIGINT       NOT NULL DEFAULT 1
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin COMMENT = 'tiebreak schema';
