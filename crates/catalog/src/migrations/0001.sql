-- Identifiers: 32 hex digits. Times: microseconds since 1970-01-01T00:00:00Z.
-- Sealed columns: see seal.rs. A migration that was released is never changed.

CREATE TABLE site (
    only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
    name      TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    created   INTEGER NOT NULL
) STRICT;

CREATE TABLE user (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
    password_hash TEXT NOT NULL,
    created       INTEGER NOT NULL,
    -- 'machine': an administrator of the server's own machine, who has no password here; 'directory': one that a
    -- directory knows, whose hash here is what counted there last.
    origin        TEXT NOT NULL DEFAULT 'site' CHECK (origin IN ('site', 'machine', 'directory')),
    disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    -- Recordings that are older are kept from what is granted to this user.
    recordings_minutes INTEGER,
    last_sign_in  INTEGER
) STRICT;

CREATE TABLE user_group (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    role     TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
    created  INTEGER NOT NULL,
    recordings_minutes INTEGER
) STRICT;

CREATE TABLE membership (
    user       TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    user_group TEXT NOT NULL REFERENCES user_group (id) ON DELETE CASCADE,
    PRIMARY KEY (user, user_group)
) STRICT;
CREATE INDEX membership_group ON membership (user_group);

-- Where users and groups come from: a directory (Active Directory, LDAP) or an OpenID Connect provider. `settings`: JSON of
-- the site; `password`: of the account that searches, or the client's secret, sealed.
CREATE TABLE directory (
    id       TEXT PRIMARY KEY,
    protocol TEXT NOT NULL CHECK (protocol IN ('ldap', 'openid')),
    name     TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    password BLOB NOT NULL,
    -- Keys of this site's service in the realm of the directory, for sign-in with the account of a computer; sealed.
    keytab   BLOB,
    created  INTEGER NOT NULL,
    -- They are asked in this order.
    position INTEGER NOT NULL
) STRICT;

-- A user that a directory knows, by what stays of it there. Its memberships of the directory's groups are the cache.
CREATE TABLE directory_user (
    user      TEXT PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    directory TEXT NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    key       TEXT NOT NULL,
    login_key TEXT NOT NULL,
    full_name TEXT NOT NULL,
    -- By an administrator; others are there because of a group.
    added     INTEGER NOT NULL CHECK (added IN (0, 1)),
    standing  TEXT NOT NULL CHECK (standing IN ('good', 'disabled', 'gone', 'no-group', 'unconfirmed')),
    -- When the directory last said so.
    seen      INTEGER NOT NULL,
    UNIQUE (directory, key)
) STRICT;

CREATE TABLE directory_group (
    user_group TEXT PRIMARY KEY REFERENCES user_group (id) ON DELETE CASCADE,
    directory  TEXT NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    key        TEXT NOT NULL,
    UNIQUE (directory, key)
) STRICT;

-- A folder of cameras, on which rights are granted.
CREATE TABLE folder (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE folder_camera (
    folder TEXT NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    camera TEXT NOT NULL REFERENCES camera (id) ON DELETE CASCADE,
    PRIMARY KEY (folder, camera)
) STRICT;
CREATE INDEX folder_camera_camera ON folder_camera (camera);

-- One privilege for a user or a group, on a camera, a folder, or (neither) on everything of its kind.
CREATE TABLE access_grant (
    user       TEXT REFERENCES user (id) ON DELETE CASCADE,
    user_group TEXT REFERENCES user_group (id) ON DELETE CASCADE,
    privilege  TEXT NOT NULL,
    camera     TEXT REFERENCES camera (id) ON DELETE CASCADE,
    folder     TEXT REFERENCES folder (id) ON DELETE CASCADE,
    priority   INTEGER,
    CHECK ((user IS NULL) <> (user_group IS NULL)),
    CHECK (camera IS NULL OR folder IS NULL)
) STRICT;
CREATE INDEX access_grant_user ON access_grant (user);
CREATE INDEX access_grant_group ON access_grant (user_group);
CREATE INDEX access_grant_camera ON access_grant (camera);
CREATE INDEX access_grant_folder ON access_grant (folder);

-- The key of an authenticator app, sealed. It counts when its owner has shown a code.
CREATE TABLE second_factor (
    user      TEXT PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
    secret    BLOB NOT NULL,
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    used_step INTEGER
) STRICT;

CREATE TABLE recovery_code (
    user TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    hash BLOB NOT NULL,
    PRIMARY KEY (user, hash)
) STRICT;

-- Who did what. Each row's hash covers the row and the hash before it; the newest is sealed in `note`.
CREATE TABLE audit (
    number  INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    user    TEXT,
    name    TEXT NOT NULL,
    address TEXT NOT NULL,
    kind    TEXT NOT NULL,
    action  TEXT NOT NULL,
    target  TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail  TEXT NOT NULL,
    hash    BLOB NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);

CREATE TABLE session (
    id          TEXT PRIMARY KEY,
    secret_hash BLOB NOT NULL UNIQUE,
    user        TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    created     INTEGER NOT NULL,
    last_used   INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    address     TEXT NOT NULL,
    agent       TEXT NOT NULL
) STRICT;
CREATE INDEX session_user ON session (user, last_used);
CREATE INDEX session_expires ON session (expires);

-- What a provider is asked again with about a sign-in that it made.
CREATE TABLE openid_session (
    session   TEXT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
    directory TEXT NOT NULL REFERENCES directory (id) ON DELETE CASCADE,
    -- Of the sign-in: a later ID token names it again.
    nonce     TEXT NOT NULL,
    -- Sealed; none: the provider cannot be asked.
    refresh   BLOB,
    -- When it last confirmed this sign-in.
    confirmed INTEGER NOT NULL,
    -- When it was last asked, with or without an answer.
    asked     INTEGER NOT NULL
) STRICT;
CREATE INDEX openid_session_directory ON openid_session (directory, asked);

CREATE TABLE token (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    secret_hash BLOB NOT NULL UNIQUE,
    user        TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    -- Names of privileges, divided by spaces; none: all that its user has.
    scope       TEXT
) STRICT;
CREATE INDEX token_user ON token (user, created);

CREATE TABLE setup_code (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    hash     BLOB NOT NULL,
    expires  INTEGER NOT NULL
) STRICT;

CREATE TABLE camera (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    kind            TEXT NOT NULL CHECK (kind IN ('axis', 'rtsp')),
    address         TEXT NOT NULL,
    sub_address     TEXT,
    rtsp_port       INTEGER,
    codec           TEXT CHECK (codec IN ('h264', 'h265')),
    user            TEXT,
    password        BLOB,
    transport       TEXT NOT NULL CHECK (transport IN ('tcp', 'udp')),
    audio           INTEGER NOT NULL CHECK (audio IN (0, 1)),
    record          INTEGER NOT NULL CHECK (record IN (0, 1)),
    retention_days  INTEGER,
    model           TEXT,
    serial          TEXT,
    certificate_pin BLOB,
    main_url        TEXT,
    sub_url         TEXT,
    main_profile    TEXT NOT NULL,
    sub_profile     TEXT,
    image_url       TEXT,
    added           INTEGER NOT NULL
) STRICT;

CREATE TABLE camera_profile (
    camera         TEXT NOT NULL REFERENCES camera (id) ON DELETE CASCADE,
    position       INTEGER NOT NULL,
    name           TEXT NOT NULL,
    url            TEXT,
    codec          TEXT CHECK (codec IN ('h264', 'h265')),
    width          INTEGER,
    height         INTEGER,
    fps            INTEGER,
    compression    INTEGER,
    video_codec    TEXT NOT NULL,
    audio_codec    TEXT,
    picture_width  INTEGER NOT NULL,
    picture_height INTEGER NOT NULL,
    PRIMARY KEY (camera, name)
) STRICT;

-- How a camera is recorded, where that was ever set: JSON of the site.
CREATE TABLE recording (
    camera   TEXT PRIMARY KEY REFERENCES camera (id) ON DELETE CASCADE,
    settings TEXT NOT NULL
) STRICT;

CREATE TABLE schedule (
    id   TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    week TEXT NOT NULL
) STRICT;

CREATE TABLE volume (
    id          TEXT PRIMARY KEY,
    path        TEXT NOT NULL UNIQUE,
    limit_bytes INTEGER,
    fallback    INTEGER NOT NULL CHECK (fallback IN (0, 1))
) STRICT;

-- What is chosen by hand for a camera's recordings.
CREATE TABLE camera_storage (
    camera    TEXT PRIMARY KEY REFERENCES camera (id) ON DELETE CASCADE,
    volume    TEXT REFERENCES volume (id) ON DELETE SET NULL,
    max_bytes INTEGER
) STRICT;

CREATE TABLE alarm (
    id              TEXT PRIMARY KEY,
    kind            TEXT NOT NULL,
    camera          TEXT,
    directory       TEXT,
    title           TEXT NOT NULL,
    advice          TEXT NOT NULL,
    since           INTEGER NOT NULL,
    ended           INTEGER,
    acknowledged    INTEGER,
    acknowledged_by TEXT
) STRICT;
-- A condition that lasts is one alarm.
CREATE UNIQUE INDEX alarm_lasting ON alarm (kind, coalesce(camera, directory, '')) WHERE ended IS NULL;
CREATE INDEX alarm_since ON alarm (since);

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE setting_secret (
    setting TEXT NOT NULL REFERENCES setting (name) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    value   BLOB NOT NULL,
    PRIMARY KEY (setting, name)
) STRICT;

-- Small values with a purpose, such as what shows that the seal key is the right one.
CREATE TABLE note (
    purpose TEXT NOT NULL,
    key     TEXT NOT NULL,
    value   BLOB NOT NULL,
    PRIMARY KEY (purpose, key)
) STRICT;
