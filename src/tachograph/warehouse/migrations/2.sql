-- From schema 1 to 2: scoring. The logs that are still there are read again (their readers' versions have changed);
-- of those that are gone, the new columns stay unknown.

ALTER TABLE segments ADD COLUMN task_type TEXT;
ALTER TABLE tool_calls ADD COLUMN cwd TEXT;
ALTER TABLE tool_calls ADD COLUMN input_chars INTEGER;
ALTER TABLE tool_calls ADD COLUMN command_hash INTEGER;
ALTER TABLE tool_calls ADD COLUMN error_hash INTEGER;
ALTER TABLE tool_calls ADD COLUMN result_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE prompts ADD COLUMN parent_hash INTEGER;
ALTER TABLE sessions ADD COLUMN task_type TEXT;
ALTER TABLE sessions ADD COLUMN model TEXT;
ALTER TABLE sessions ADD COLUMN real_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN input_tokens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN unreliable INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sessions_by_task ON sessions (task_type, kind) WHERE task_type IS NOT NULL;

CREATE TABLE findings (
    segment INTEGER NOT NULL,
    id TEXT NOT NULL,
    detector TEXT NOT NULL,
    position INTEGER NOT NULL,
    at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    tokens INTEGER,
    carried_tokens INTEGER NOT NULL,
    cost_pico INTEGER,
    is_estimate INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    shared INTEGER NOT NULL,
    PRIMARY KEY (segment, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX findings_by_id ON findings (id);

CREATE TABLE judgements (
    session TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt INTEGER NOT NULL,
    session_hash INTEGER NOT NULL,
    at INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    confidence REAL,
    reasoning TEXT NOT NULL,
    categories TEXT NOT NULL,
    turns_shown INTEGER NOT NULL,
    turns_left_out INTEGER NOT NULL,
    PRIMARY KEY (session, model, prompt)
) STRICT, WITHOUT ROWID;

CREATE TABLE calibrations (
    model TEXT NOT NULL,
    prompt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (model, prompt)
) STRICT, WITHOUT ROWID;
