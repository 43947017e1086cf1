-- The store of commands: what was run, what it changed, how it turned out.
--
-- Times are milliseconds since 1970-01-01 UTC (`*_at`, `at`), durations milliseconds (`*_ms`). Text was redacted, then
-- cut, before it got here. NULL is what could not be told.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,          -- what is told: backfill
    value TEXT NOT NULL             -- its value
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id TEXT PRIMARY KEY,            -- evt_ and 20 hexadecimal digits
    origin TEXT NOT NULL,           -- run, shell, log
    agent TEXT,                     -- who ran it
    executed_at INTEGER NOT NULL,
    command_hash TEXT NOT NULL,     -- keyed hash of the arguments
    hash_key TEXT NOT NULL,         -- which key that was
    program TEXT NOT NULL,          -- the program with the words that say what it is to do
    duration_ms INTEGER,
    exit_code INTEGER,              -- what `tacho run` returned
    timed_out INTEGER NOT NULL,     -- 1: it was ended after its time was over
    signal INTEGER,                 -- the signal that ended it
    files_touched_count INTEGER,
    lines_added INTEGER,
    lines_deleted INTEGER,
    binary_files INTEGER,
    renames INTEGER,
    commits INTEGER,                -- made by the command
    head_before TEXT,
    head_after TEXT,
    delta_note TEXT NOT NULL,       -- why something of the above could not be told
    repo TEXT,                      -- root of the work tree; of worktrees the main one's
    session TEXT,                   -- the agent's session that ran it
    call TEXT,                      -- the tool call that ran it
    command TEXT                    -- only when it was asked for
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_time ON events (executed_at);
CREATE INDEX events_by_session ON events (session) WHERE session IS NOT NULL;
CREATE INDEX events_by_repo ON events (repo, executed_at) WHERE repo IS NOT NULL;

CREATE INDEX events_captured ON events (executed_at) WHERE origin <> 'log';

CREATE TABLE changed_paths (
    event TEXT NOT NULL,
    path TEXT NOT NULL,             -- relative to the root of the work tree
    lines_added INTEGER,            -- NULL: not text
    lines_deleted INTEGER,
    old_path TEXT,                  -- where it was before, when it was moved
    before TEXT,                    -- name of the git object; NULL: it was not there
    after TEXT,                     -- NULL: it is gone
    PRIMARY KEY (event, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE labels (
    target TEXT NOT NULL,           -- id of an event or of a session
    kind TEXT NOT NULL,             -- human, outcome, pseudo, synthetic
    source TEXT NOT NULL,           -- what tells so: person, next_check, survival, next_prompt, goal …
    score REAL NOT NULL,            -- 0 to 100
    at INTEGER NOT NULL,            -- when it was told
    note TEXT NOT NULL,
    PRIMARY KEY (target, kind, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE scores (
    event TEXT PRIMARY KEY,
    model TEXT NOT NULL,            -- name of the model
    score REAL NOT NULL,            -- 0 to 100: what that is, kind says
    low REAL,                       -- of productivity the interval around it; of a chance one for the share that
    high REAL,                      -- succeeded of those with such a chance, NULL where the chance lies outside
    top_feature TEXT NOT NULL,      -- the one that moved the prediction most
    top_value REAL NOT NULL,        -- by how much, in points of the score
    kind TEXT NOT NULL              -- productivity (the label expected), chance (of success, in per cent)
) STRICT, WITHOUT ROWID;
