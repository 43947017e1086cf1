-- From schema 2 to 3: the loop. Tasks that calls made or changed are read from the logs that are still there.

ALTER TABLE tool_calls ADD COLUMN tasks TEXT;

CREATE TABLE evaluations (
    session TEXT NOT NULL,
    name TEXT NOT NULL,
    evaluator TEXT NOT NULL,
    at INTEGER NOT NULL,
    score REAL NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (session, name, evaluator, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE telemetry (
    session TEXT PRIMARY KEY,
    record BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE assignments (
    trial TEXT NOT NULL,
    session TEXT NOT NULL,
    suggestion TEXT NOT NULL,
    agent_type TEXT NOT NULL,
    arm TEXT NOT NULL,
    share REAL NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (trial, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignments_by_session ON assignments (session);

CREATE TABLE starts (
    session TEXT PRIMARY KEY,
    agent_type TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    suggestion TEXT NOT NULL,
    agent_type TEXT NOT NULL,
    action TEXT NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    numbers TEXT NOT NULL,
    agent TEXT NOT NULL
) STRICT;

CREATE TABLE baseline_resets (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    agent_type TEXT NOT NULL,
    agent TEXT,
    family TEXT,
    kpi TEXT
) STRICT;

CREATE TABLE alert_acks (
    alert TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE points (
    session TEXT PRIMARY KEY,
    origin TEXT NOT NULL,
    agent_type TEXT NOT NULL,
    agent TEXT NOT NULL,
    family TEXT NOT NULL,
    kind TEXT NOT NULL,
    project TEXT,
    task_type TEXT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    cost_pico INTEGER,
    lacking TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX points_by_end ON points (ended_at, session);

CREATE TABLE points_changed (
    at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER point_added AFTER INSERT ON points BEGIN INSERT INTO points_changed VALUES (new.ended_at); END;
CREATE TRIGGER point_removed AFTER DELETE ON points BEGIN INSERT INTO points_changed VALUES (old.ended_at); END;

CREATE TABLE kpis (
    session TEXT NOT NULL,
    kpi TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (session, kpi)
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    kpi TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    at INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_by_session ON alerts (session);
CREATE INDEX alerts_by_time ON alerts (at);

CREATE TABLE loop_records (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
