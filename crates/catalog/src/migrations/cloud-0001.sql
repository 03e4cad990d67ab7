-- The same text for SQLite and PostgreSQL. Identifiers: 32 hex digits. Times: microseconds since
-- 1970-01-01T00:00:00Z. Flags: 0 or 1. A migration that was released is never changed.

CREATE TABLE schema_version (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    number   BIGINT NOT NULL
);

CREATE TABLE note (
    name    TEXT PRIMARY KEY,
    content BYTEA NOT NULL
);

CREATE TABLE setup_code (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    hash     BYTEA NOT NULL,
    expires  BIGINT NOT NULL
);

CREATE TABLE account (
    id            TEXT PRIMARY KEY,
    email         TEXT NOT NULL,
    email_key     TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created       BIGINT NOT NULL,
    -- 1: whoever runs this cloud: says how much relays may carry.
    runs_cloud    BIGINT NOT NULL DEFAULT 0,
    -- The key of an authenticator app, sealed; it counts when it is confirmed.
    factor_key       BYTEA,
    factor_confirmed BIGINT NOT NULL DEFAULT 0,
    factor_used_step BIGINT
);

CREATE TABLE recovery_code (
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    hash    BYTEA NOT NULL,
    PRIMARY KEY (account, hash)
);

-- What a browser carries as a cookie, and a program as a token.
CREATE TABLE sign_in (
    id          TEXT PRIMARY KEY,
    secret_hash BYTEA NOT NULL UNIQUE,
    account     TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind        TEXT NOT NULL CHECK (kind IN ('browser', 'program')),
    agent       TEXT NOT NULL,
    address     TEXT NOT NULL,
    created     BIGINT NOT NULL,
    last_used   BIGINT NOT NULL,
    expires     BIGINT NOT NULL
);
CREATE INDEX sign_in_by_account ON sign_in (account);

CREATE TABLE organization (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    owner   TEXT NOT NULL REFERENCES account (id),
    created BIGINT NOT NULL,
    -- Bytes that relays may carry for one account in a month: nothing: what the cloud says; -1: any number.
    relay_bytes BIGINT CHECK (relay_bytes >= -1)
);

CREATE TABLE folder (
    id           TEXT PRIMARY KEY,
    organization TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    parent       TEXT REFERENCES folder (id),
    name         TEXT NOT NULL,
    is_default   BIGINT NOT NULL
);
CREATE INDEX folder_by_organization ON folder (organization);

CREATE TABLE member (
    organization TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    account      TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role         TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
    -- 1: every folder; 0: those of member_folder and what is in them.
    everywhere   BIGINT NOT NULL,
    joined       BIGINT NOT NULL,
    PRIMARY KEY (organization, account)
);
CREATE INDEX member_by_account ON member (account);

CREATE TABLE member_folder (
    organization TEXT NOT NULL,
    account      TEXT NOT NULL,
    folder       TEXT NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    PRIMARY KEY (account, folder),
    FOREIGN KEY (organization, account) REFERENCES member (organization, account) ON DELETE CASCADE
);

CREATE TABLE invitation (
    id           TEXT PRIMARY KEY,
    organization TEXT NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    email        TEXT NOT NULL,
    email_key    TEXT NOT NULL,
    code_hash    BYTEA NOT NULL UNIQUE,
    invited_by   TEXT NOT NULL,
    created      BIGINT NOT NULL,
    expires      BIGINT NOT NULL,
    UNIQUE (organization, email_key)
);

-- A site that an organization has; `id` follows from `identity`.
CREATE TABLE site (
    id           TEXT PRIMARY KEY,
    identity     BYTEA NOT NULL,
    organization TEXT NOT NULL REFERENCES organization (id),
    folder       TEXT NOT NULL REFERENCES folder (id),
    name         TEXT NOT NULL,
    enrolled     BIGINT NOT NULL,
    enrolled_by  TEXT NOT NULL,
    last_contact BIGINT
);
CREATE INDEX site_by_organization ON site (organization);

-- RFC 8628: somebody without a browser waits until a person says what may be.
CREATE TABLE device_grant (
    device_hash  BYTEA PRIMARY KEY,
    user_hash    BYTEA NOT NULL UNIQUE,
    kind         TEXT NOT NULL CHECK (kind IN ('site', 'program')),
    name         TEXT NOT NULL,
    identity     BYTEA,
    address      TEXT NOT NULL,
    created      BIGINT NOT NULL,
    expires      BIGINT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('pending', 'granted', 'denied')),
    account      TEXT REFERENCES account (id) ON DELETE CASCADE,
    organization TEXT REFERENCES organization (id) ON DELETE CASCADE,
    folder       TEXT REFERENCES folder (id) ON DELETE CASCADE
);
CREATE INDEX device_grant_by_expiry ON device_grant (expires);

-- Payload bytes that relays carried for an account; a month is counted from year 0: 12 * year + month - 1, UTC.
CREATE TABLE relay_use (
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    month   BIGINT NOT NULL,
    bytes   BIGINT NOT NULL,
    PRIMARY KEY (account, month)
);

-- What relays may carry before they ask again; it counts as carried until they say how much it was.
CREATE TABLE relay_lease (
    id      TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    month   BIGINT NOT NULL,
    bytes   BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX relay_lease_by_account ON relay_lease (account);

CREATE TABLE audit (
    number       BIGINT PRIMARY KEY,
    at           BIGINT NOT NULL,
    organization TEXT,
    account      TEXT,
    who          TEXT NOT NULL,
    address      TEXT NOT NULL,
    operation    TEXT NOT NULL,
    target       TEXT NOT NULL,
    outcome      TEXT NOT NULL
);
CREATE INDEX audit_by_organization ON audit (organization, number);
