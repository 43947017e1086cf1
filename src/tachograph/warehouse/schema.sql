-- The warehouse: what the logs said, and what follows from it.
--
-- Times are milliseconds since 1970-01-01 UTC (`*_at`), durations milliseconds (`*_ms`), costs picodollars
-- (`*_pico`, 10^-12 USD), hashes signed 64-bit xxh3. Text was redacted, then cut, before it got here.
-- "stored" tables hold what a log says about itself; "derived" ones can be made anew from these at any time.
-- Each table's and column's comment becomes a row of docs/schema.md.

-- (stored) Facts about the warehouse itself.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,      -- what is told: price_fingerprint, epoch …
    value TEXT NOT NULL         -- its value
) STRICT, WITHOUT ROWID;

-- (stored) One row per log file that was read: its checkpoint.
CREATE TABLE logs (
    log INTEGER PRIMARY KEY,            -- surrogate key
    path_hash INTEGER NOT NULL UNIQUE,  -- hash of the absolute path as it lies on disk
    agent TEXT NOT NULL,                -- claude_code, codex
    path TEXT NOT NULL,                 -- absolute path, redacted: for people, not for opening
    size INTEGER NOT NULL,              -- bytes when it was last read
    mtime_ns INTEGER NOT NULL,          -- modification time when it was last read, ns
    inode INTEGER NOT NULL,             -- identity of the file, with `device`: another one means it was replaced
    device INTEGER NOT NULL,            -- device number of the file system
    sidecar_mtime_ns INTEGER NOT NULL,  -- modification time of the companion file, ns; 0 without one
    content_hash INTEGER NOT NULL,      -- hash of the `size` bytes read: still the same means the file was only appended to
    offset INTEGER NOT NULL,            -- bytes up to the end of the last complete line
    lines INTEGER NOT NULL,             -- complete lines up to `offset`
    carry BLOB NOT NULL,                -- the source's state at `offset`; empty: the file has to be read whole
    parser INTEGER NOT NULL,            -- version of the source that read it
    epoch INTEGER NOT NULL,             -- rebuild it belongs to: older than meta.epoch means to be read again
    unknown_types TEXT NOT NULL         -- JSON object: record type the source does not know -> count
) STRICT;
CREATE INDEX logs_by_agent ON logs (agent, mtime_ns, size);
CREATE INDEX logs_with_unknown ON logs (agent, unknown_types) WHERE unknown_types <> '{}';

-- (stored) What could not be read as it should.
CREATE TABLE problems (
    log INTEGER NOT NULL,       -- logs.log
    number INTEGER NOT NULL,    -- order within the log
    slug TEXT NOT NULL,         -- kind of problem, see docs/problems.md
    line INTEGER NOT NULL,      -- 1-based line; 0: the whole file
    offset INTEGER NOT NULL,    -- byte offset of the line
    detail TEXT NOT NULL,       -- one sentence, redacted
    PRIMARY KEY (log, number)
) STRICT, WITHOUT ROWID;

-- (stored) One row per session and log: what that log says about that session.
CREATE TABLE segments (
    segment INTEGER PRIMARY KEY,    -- surrogate key
    log INTEGER NOT NULL,           -- logs.log
    ordinal INTEGER NOT NULL,       -- 0: the log's own session; above: subagents inlined into it
    session TEXT NOT NULL,          -- sessions.id
    agent TEXT NOT NULL,            -- claude_code, codex
    kind TEXT NOT NULL,             -- main or subagent
    parent_id TEXT,                 -- session that started this one (subagents)
    forked_from TEXT,               -- session whose history was copied into this one
    agent_type TEXT,                -- kind of subagent, where this log knows it
    project TEXT,                   -- root of the first working directory, worktrees folded in
    cwds TEXT NOT NULL,             -- JSON array of all working directories, in order of appearance
    git_branch TEXT,                -- last branch named
    versions TEXT NOT NULL,         -- JSON array of agent versions, in order of appearance
    title TEXT,                     -- title given by the user or the agent
    entrypoint TEXT,                -- how the agent was started (cli, sdk-py, codex-tui …)
    started_at INTEGER,             -- earliest timestamp
    ended_at INTEGER,               -- latest timestamp
    complete INTEGER NOT NULL,      -- 0: the log ends within a turn
    lines INTEGER NOT NULL,         -- raw log lines
    usage_lines INTEGER NOT NULL,   -- raw lines that carry usage
    skipped_usage TEXT NOT NULL,    -- JSON object: reason -> raw usage lines that are no usage
    inherited_until INTEGER NOT NULL DEFAULT -1, -- (derived) records up to this position were copied from another session
    turns INTEGER NOT NULL,             -- prompts that open a turn, copies left out; so below
    prompts INTEGER NOT NULL,           -- prompts a person typed
    interruptions INTEGER NOT NULL,     -- times a person stopped the agent
    compactions INTEGER NOT NULL,       -- times the context was summarised
    api_errors INTEGER NOT NULL,        -- API errors and retries
    tool_calls INTEGER NOT NULL,        -- tool calls
    tool_errors INTEGER NOT NULL,       -- tool calls that failed by themselves
    tool_denied INTEGER NOT NULL,       -- tool calls that a person refused
    subagents INTEGER NOT NULL,         -- tool calls that started a subagent
    lines_added INTEGER NOT NULL,       -- lines added by edits, where the log says so
    lines_removed INTEGER NOT NULL,     -- lines removed by edits, where the log says so
    active_ms INTEGER NOT NULL,         -- time at work, see docs/metrics.md
    first_at INTEGER,                   -- moment of the first prompt, response or tool call
    opening_hash INTEGER,               -- hash of the first prompt a person typed, the whole text
    opening TEXT,                       -- that prompt's first 200 characters
    task_type TEXT                      -- kind of work that the first prompt asks for; NULL: it cannot be told
) STRICT;
CREATE UNIQUE INDEX segments_by_log ON segments (log, ordinal);
CREATE INDEX segments_by_session ON segments (session);
CREATE INDEX segments_by_parent ON segments (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX segments_by_fork ON segments (forked_from) WHERE forked_from IS NOT NULL;

-- (stored) One row per API answer and segment (and further pass of it, see `pass`).
CREATE TABLE responses (
    segment INTEGER NOT NULL,           -- segments.segment
    position INTEGER NOT NULL,          -- place in the session's order of records
    pass INTEGER NOT NULL,              -- 0: the response; above: further server-side passes at other models
    key INTEGER NOT NULL,               -- hash of agent and id: equal in every copy of this response
    id TEXT NOT NULL,                   -- message or response id
    model TEXT NOT NULL,                -- model that answered
    provider TEXT NOT NULL,             -- whose price list it is on
    started_at INTEGER NOT NULL,        -- first line
    ended_at INTEGER NOT NULL,          -- last line
    input INTEGER NOT NULL,             -- tokens: uncached input
    cache_read INTEGER NOT NULL,        -- tokens: read from the cache
    cache_write_5m INTEGER NOT NULL,    -- tokens: written to the 5-minute cache
    cache_write_1h INTEGER NOT NULL,    -- tokens: written to the 1-hour cache
    output INTEGER NOT NULL,            -- tokens: output, reasoning included
    reasoning INTEGER NOT NULL,         -- tokens: hidden reasoning, a part of `output`
    web_searches INTEGER NOT NULL,      -- billed web searches
    cost_pico INTEGER,                  -- API-equivalent cost; NULL: no price is known
    stop_reason TEXT,                   -- why the model stopped
    reliable INTEGER NOT NULL,          -- 0: `output` is a placeholder, a lower bound
    speed TEXT NOT NULL,                -- standard or fast
    branch TEXT,                        -- git branch at that moment
    chain INTEGER NOT NULL,             -- fingerprint of all usage records so far (Codex); 0: none
    replayed INTEGER NOT NULL,          -- 1: the log shows that this was copied from the forked session
    lines INTEGER NOT NULL,             -- raw lines that carried its usage (0 for further passes)
    stated_output INTEGER NOT NULL,     -- output tokens as the line chosen among its lines states them
    final INTEGER NOT NULL,             -- 1: that line gave a stop reason
    counted INTEGER NOT NULL DEFAULT 1, -- (derived) 0: another session owns this response
    PRIMARY KEY (segment, position, pass)
) STRICT, WITHOUT ROWID;
CREATE INDEX responses_by_key ON responses (key);

-- (stored) One row per tool call and segment.
CREATE TABLE tool_calls (
    segment INTEGER NOT NULL,       -- segments.segment
    position INTEGER NOT NULL,      -- place in the session's order of records
    id TEXT NOT NULL,               -- call id
    response INTEGER,               -- responses.position of the answer that made it; NULL: not known
    name TEXT NOT NULL,             -- tool
    category TEXT NOT NULL,         -- shell, read, edit, search, web, task, subagent, mcp:<server>, other
    started_at INTEGER NOT NULL,    -- when the call was made
    ended_at INTEGER,               -- when the result was there
    status TEXT NOT NULL,           -- ok, error, denied, cancelled, missing
    exit_code INTEGER,              -- of a command; NULL: not stated
    command TEXT,                   -- shell command: first 500 characters, redacted
    path TEXT,                      -- file or folder worked on, redacted
    read_offset INTEGER,            -- first line asked for (reads)
    read_limit INTEGER,             -- number of lines asked for (reads)
    file_op TEXT NOT NULL,          -- none, create, modify, read, delete
    input_hash INTEGER NOT NULL,    -- hash of the whole input
    result_hash INTEGER,            -- hash of the whole result (a file's content where the log has it)
    result_chars INTEGER,           -- length of the result's text, characters
    error_signature TEXT,           -- first telling line of the error, numbers as #, redacted
    lines_added INTEGER,            -- NULL: the log does not say
    lines_removed INTEGER,          -- NULL: the log does not say
    duration_ms INTEGER,            -- as the tool reports it; NULL: it does not
    agent_type TEXT,                -- kind of subagent asked for
    spawned TEXT,                   -- native id of the subagent started
    more_files TEXT,                -- JSON array of [path, file_op] after the first file; NULL: none
    cwd TEXT,                       -- folder it ran in, redacted; NULL: the first of segments.cwds
    input_chars INTEGER,            -- length of the whole input, bytes of JSON; NULL: read by an older version
    command_hash INTEGER,           -- hash of the whole command, white space folded, and of how it was to be run
    error_hash INTEGER,             -- of a command: hash of the error text without what differs from one time to the next
    result_kind TEXT NOT NULL DEFAULT '', -- unchanged: a file; transient: an error that passes; background: it went on
    tasks TEXT,                     -- JSON array of [hash of the task's name, state it was left in]; NULL: none
    PRIMARY KEY (segment, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX tool_calls_failed ON tool_calls (started_at) WHERE status = 'error';
CREATE INDEX tool_calls_spawning ON tool_calls (spawned) WHERE spawned IS NOT NULL;

-- (stored) One row per prompt and segment.
CREATE TABLE prompts (
    segment INTEGER NOT NULL,   -- segments.segment
    position INTEGER NOT NULL,  -- place in the session's order of records
    id TEXT NOT NULL,           -- the same in every copy of the prompt
    kind TEXT NOT NULL,         -- human, slash, shell, notification, meta, compact_summary, task
    at INTEGER NOT NULL,        -- when it was given
    text TEXT NOT NULL,         -- first 2,000 characters, redacted
    chars INTEGER NOT NULL,     -- length of the whole text, characters
    text_hash INTEGER NOT NULL, -- hash of the whole text
    parent_hash INTEGER,        -- hash of the record it answers to: the same in two prompts means a rewind between them
    PRIMARY KEY (segment, position)
) STRICT, WITHOUT ROWID;

-- (stored) One row per notable point in a segment.
CREATE TABLE markers (
    segment INTEGER NOT NULL,   -- segments.segment
    position INTEGER NOT NULL,  -- place in the session's order of records
    id TEXT NOT NULL,           -- kind and origin
    kind TEXT NOT NULL,         -- compaction, api_error, interruption, model_fallback, pr_link, commit, rollback, turn_duration, setup_change
    at INTEGER NOT NULL,        -- when
    detail TEXT NOT NULL,       -- what, redacted
    value INTEGER,              -- tokens before a compaction, HTTP status, ms of a turn, number of a pull request, turns rolled back
    PRIMARY KEY (segment, position)
) STRICT, WITHOUT ROWID;

-- (derived) Responses whose owner holds a lesser copy than another session: the copy that counts.
CREATE TABLE better_copies (
    segment INTEGER NOT NULL,       -- owner's segment
    position INTEGER NOT NULL,      -- owner's responses.position
    better_segment INTEGER NOT NULL,    -- segment of the copy with the largest output
    better_position INTEGER NOT NULL,   -- its responses.position
    PRIMARY KEY (segment, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX better_copies_by_better ON better_copies (better_segment);

-- (derived) One row per session, joined from its segments.
CREATE TABLE sessions (
    session INTEGER PRIMARY KEY,    -- surrogate key
    id TEXT NOT NULL UNIQUE,        -- <agent>:<native id>
    agent TEXT NOT NULL,            -- claude_code, codex
    kind TEXT NOT NULL,             -- main or subagent
    parent_id TEXT,                 -- session that started this one
    root_id TEXT NOT NULL,          -- the session at the top (itself for a main session); it may have left no log
    forked_from TEXT,               -- session whose history was copied into this one
    agent_type TEXT,                -- kind of subagent, as it or its parent says
    project TEXT,                   -- root of the first working directory, worktrees folded in
    git_branch TEXT,                -- last branch named
    version TEXT,                   -- last agent version
    title TEXT,                     -- title given by the user or the agent
    opening TEXT,                   -- first 200 characters of the first prompt a person typed
    opening_hash INTEGER,           -- hash of that whole prompt
    entrypoint TEXT,                -- how the agent was started
    started_at INTEGER,             -- earliest timestamp; of a fork, that of its first own record
    ended_at INTEGER,               -- latest timestamp
    complete INTEGER NOT NULL,      -- 0: ends within a turn
    turns INTEGER NOT NULL,         -- own records only (subagents and copies left out), so below
    prompts INTEGER NOT NULL,       -- prompts a person typed
    interruptions INTEGER NOT NULL, -- times a person stopped the agent
    compactions INTEGER NOT NULL,   -- times the context was summarised
    api_errors INTEGER NOT NULL,    -- API errors and retries
    tool_calls INTEGER NOT NULL,    -- tool calls
    tool_errors INTEGER NOT NULL,   -- tool calls that failed by themselves
    tool_denied INTEGER NOT NULL,   -- tool calls that a person refused
    subagents INTEGER NOT NULL,     -- tool calls that started a subagent
    lines_added INTEGER NOT NULL,   -- lines added by edits
    lines_removed INTEGER NOT NULL, -- lines removed by edits
    active_ms INTEGER NOT NULL,     -- time at work
    copies INTEGER NOT NULL,        -- responses in its logs that another session owns ("shared prefix")
    task_type TEXT,                 -- kind of work that the first prompt asks for; NULL: it cannot be told
    model TEXT,                     -- model that gave most of its output; NULL: it has no response
    real_tokens INTEGER NOT NULL DEFAULT 0,     -- tokens: input, cache writes and output; cache reads excluded
    input_tokens INTEGER NOT NULL DEFAULT 0,    -- tokens: input and cache writes
    unreliable INTEGER NOT NULL DEFAULT 0       -- responses whose output is a lower bound
) STRICT;
CREATE INDEX sessions_by_parent ON sessions (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX sessions_by_root ON sessions (root_id);
CREATE INDEX sessions_by_opening ON sessions (opening_hash, project, started_at) WHERE opening_hash IS NOT NULL;
CREATE INDEX sessions_by_end ON sessions (ended_at);
CREATE INDEX sessions_by_task ON sessions (task_type, kind, model, turns, real_tokens, input_tokens, unreliable, id) WHERE task_type IS NOT NULL;

-- (derived) Usage by session, quarter-hour, model and branch: the usual questions are answered from here.
CREATE TABLE usage_quarters (
    session INTEGER NOT NULL,           -- sessions.session
    quarter INTEGER NOT NULL,           -- responses.started_at in quarter-hours since 1970 UTC
    model TEXT NOT NULL,                -- model that answered
    branch TEXT NOT NULL,               -- git branch; empty: none named
    responses INTEGER NOT NULL,         -- responses (further passes of one do not count again)
    input INTEGER NOT NULL,             -- tokens: uncached input
    cache_read INTEGER NOT NULL,        -- tokens: read from the cache
    cache_write_5m INTEGER NOT NULL,    -- tokens: written to the 5-minute cache
    cache_write_1h INTEGER NOT NULL,    -- tokens: written to the 1-hour cache
    output INTEGER NOT NULL,            -- tokens: output, reasoning included
    reasoning INTEGER NOT NULL,         -- tokens: hidden reasoning
    web_searches INTEGER NOT NULL,      -- billed web searches
    cost_pico INTEGER,                  -- sum of what is priced; NULL: nothing is
    unpriced INTEGER NOT NULL,          -- responses without a known price
    unreliable INTEGER NOT NULL,        -- responses whose output is a lower bound
    PRIMARY KEY (session, quarter, model, branch)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_by_quarter ON usage_quarters (quarter);

-- (stored) Prices resolved so far, so that a report need not load the price library.
CREATE TABLE rates (
    fingerprint TEXT NOT NULL,  -- price data and overrides they come from
    record BLOB NOT NULL,       -- a resolved price, as the pricing room encodes it
    PRIMARY KEY (fingerprint, record)
) STRICT, WITHOUT ROWID;

-- (stored) What was removed for good and is not to be read again: hashes only.
CREATE TABLE purged (
    hash INTEGER PRIMARY KEY    -- hash of a session id or of a log's path
) STRICT;

-- (derived) Waste that a detector has proved.
CREATE TABLE findings (
    segment INTEGER NOT NULL,       -- segments.segment
    id TEXT NOT NULL,               -- by which people name it
    detector TEXT NOT NULL,         -- what found it, see docs/waste.md
    position INTEGER NOT NULL,      -- place of its first proof in the session's order of records
    at INTEGER NOT NULL,            -- when that was
    count INTEGER NOT NULL,         -- how many times something was done that need not have been
    tokens INTEGER,                 -- what the needless part weighed, once; NULL: the log does not say enough
    carried_tokens INTEGER NOT NULL,    -- the same tokens as often as later responses read them again
    cost_pico INTEGER,              -- what both cost; NULL: a price or a size is not known
    is_estimate INTEGER NOT NULL,   -- 0: the numbers are the responses' own
    evidence TEXT NOT NULL,         -- JSON object: ids of calls and responses, turns, facts; redacted
    shared INTEGER NOT NULL,        -- 1: found by comparing the session with other subagents of the same one
    PRIMARY KEY (segment, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX findings_by_id ON findings (id);

-- (stored) What a judge said of a session's trajectory: the last answer of each model and prompt.
CREATE TABLE judgements (
    session TEXT NOT NULL,          -- sessions.id
    model TEXT NOT NULL,            -- model that was asked
    prompt INTEGER NOT NULL,        -- version of our prompt
    session_hash INTEGER NOT NULL,  -- hash of the records judged: another one now means that the answer is stale
    at INTEGER NOT NULL,            -- when it was given
    verdict TEXT NOT NULL,          -- MUCH_BETTER, BETTER, SIMILAR, WORSE, MUCH_WORSE
    confidence REAL,                -- 0 to 1, as the judge sees it; NULL: it gave none
    reasoning TEXT NOT NULL,        -- its reasons, redacted
    categories TEXT NOT NULL,       -- JSON array: kinds of waste it named
    turns_shown INTEGER NOT NULL,   -- turns that it was shown
    turns_left_out INTEGER NOT NULL,    -- turns for which its context had no room
    PRIMARY KEY (session, model, prompt)
) STRICT, WITHOUT ROWID;

-- (stored) How far a judge agreed with people's labels: the last calibration of each model and prompt.
CREATE TABLE calibrations (
    model TEXT NOT NULL,            -- model that was asked
    prompt INTEGER NOT NULL,        -- version of our prompt
    at INTEGER NOT NULL,            -- when
    record TEXT NOT NULL,           -- JSON object: numbers of labels, agreement, intervals
    PRIMARY KEY (model, prompt)
) STRICT, WITHOUT ROWID;

-- (stored) What judges and evaluation files said of a session, one row for each score.
CREATE TABLE evaluations (
    session TEXT NOT NULL,      -- sessions.id, or that of a session that only telemetry knows
    name TEXT NOT NULL,         -- what was judged: relevance, faithfulness, coherence, hallucination …
    evaluator TEXT NOT NULL,    -- who judged: a judge's model, or what the file names
    at INTEGER NOT NULL,        -- when
    score REAL NOT NULL,        -- 0 to 1
    origin TEXT NOT NULL,       -- judge or telemetry
    PRIMARY KEY (session, name, evaluator, at)
) STRICT, WITHOUT ROWID;

-- (stored) Sessions of a telemetry folder: what its span files said, also when these are gone.
CREATE TABLE telemetry (
    session TEXT PRIMARY KEY,       -- <agent>:<native id>
    record BLOB NOT NULL            -- what is known of it, as the telemetry room encodes it; redacted
) STRICT, WITHOUT ROWID;

-- (stored) Which session was given which suggestion, as the hooks recorded it before the session began.
CREATE TABLE assignments (
    trial TEXT NOT NULL,        -- trial it belongs to
    session TEXT NOT NULL,      -- <agent>:<native id>
    suggestion TEXT NOT NULL,   -- id in the catalogue
    agent_type TEXT NOT NULL,   -- main, a subagent's type, or what the user has named a project's main sessions
    arm TEXT NOT NULL,          -- treatment or control
    share REAL NOT NULL,        -- chance of treatment at that moment
    at INTEGER NOT NULL,        -- when
    PRIMARY KEY (trial, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignments_by_session ON assignments (session);

-- (stored) Sessions that the hooks saw begin.
CREATE TABLE starts (
    session TEXT PRIMARY KEY,   -- <agent>:<native id>
    agent_type TEXT NOT NULL,   -- as the agent's event, or the user's table of projects, says
    at INTEGER NOT NULL         -- when
) STRICT, WITHOUT ROWID;

-- (stored) What was decided about suggestions, by the user or by the loop.
CREATE TABLE decisions (
    number INTEGER PRIMARY KEY, -- order
    at INTEGER NOT NULL,        -- when
    suggestion TEXT NOT NULL,   -- id in the catalogue
    agent_type TEXT NOT NULL,   -- whom it is for
    action TEXT NOT NULL,       -- activate, disable, promote, demote, retire
    by TEXT NOT NULL,           -- user or auto
    reason TEXT NOT NULL,       -- a sentence
    numbers TEXT NOT NULL,      -- JSON object: the numbers in the text that sessions are given from then on
    agent TEXT NOT NULL         -- whose sessions: claude_code, codex …; empty: of every agent
) STRICT;

-- (stored) Baselines that the user has set back.
CREATE TABLE baseline_resets (
    number INTEGER PRIMARY KEY, -- order
    at INTEGER NOT NULL,        -- sessions that ended up to then no longer count
    agent_type TEXT NOT NULL,   -- whose
    agent TEXT,                 -- NULL: of every agent
    family TEXT,                -- NULL: of every model family
    kpi TEXT                    -- NULL: of every KPI
) STRICT;

-- (stored) What the user said of alerts.
CREATE TABLE alert_acks (
    alert TEXT PRIMARY KEY,     -- alerts.id
    at INTEGER NOT NULL,        -- when
    verdict TEXT NOT NULL       -- seen, real or false_alarm
) STRICT, WITHOUT ROWID;

-- (derived) Sessions whose KPIs were computed; one without a row is still to be done.
CREATE TABLE points (
    session TEXT PRIMARY KEY,   -- sessions.id, or that of a session that only telemetry knows
    origin TEXT NOT NULL,       -- transcript or telemetry
    agent_type TEXT NOT NULL,   -- main, a subagent's type, or what the user has named a project's main sessions
    agent TEXT NOT NULL,        -- claude_code, codex …
    family TEXT NOT NULL,       -- model family
    kind TEXT NOT NULL,         -- main or subagent
    project TEXT,               -- root of the first working directory
    task_type TEXT,             -- kind of work
    started_at INTEGER NOT NULL,    -- earliest timestamp
    ended_at INTEGER NOT NULL,  -- latest timestamp: the order in which sessions count
    cost_pico INTEGER,          -- picodollars of its own responses; NULL: nothing is priced
    lacking TEXT NOT NULL       -- JSON object: KPI whose data is missing -> why
) STRICT, WITHOUT ROWID;
CREATE INDEX points_by_end ON points (ended_at, session);

-- (derived) Ends of sessions whose KPIs have come, changed or gone since the loop last went round.
CREATE TABLE points_changed (
    at INTEGER NOT NULL         -- ms UTC
) STRICT;

CREATE TRIGGER point_added AFTER INSERT ON points BEGIN INSERT INTO points_changed VALUES (new.ended_at); END;
CREATE TRIGGER point_removed AFTER DELETE ON points BEGIN INSERT INTO points_changed VALUES (old.ended_at); END;

-- (derived) KPIs of each session; what is not known has no row.
CREATE TABLE kpis (
    session TEXT NOT NULL,      -- points.session
    kpi TEXT NOT NULL,          -- see docs/kpis.md
    value REAL NOT NULL,        -- in the KPI's unit
    PRIMARY KEY (session, kpi)
) STRICT, WITHOUT ROWID;

-- (derived) Sessions that were worse than their baseline or a rule allows, one row for each KPI.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY,        -- by which people name it
    session TEXT NOT NULL,      -- points.session; empty: about many
    kpi TEXT NOT NULL,          -- the KPI; or what else the rule is about
    rule TEXT NOT NULL,         -- see docs/alerts.md
    severity TEXT NOT NULL,     -- info, warning or critical
    at INTEGER NOT NULL,        -- end of the session
    record TEXT NOT NULL        -- JSON object: the alert whole
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_by_session ON alerts (session);
CREATE INDEX alerts_by_time ON alerts (at);
CREATE INDEX alerts_by_severity ON alerts (severity, at);

-- (derived) What the loop has found out, whole: baselines, incidents, trials, the state to go on from.
CREATE TABLE loop_records (
    kind TEXT NOT NULL,         -- baseline, incident, trial, offer, state …
    name TEXT NOT NULL,         -- which one
    record BLOB NOT NULL,       -- as the learning room encodes it
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- (derived) What has changed, for those who keep sums of their own: each thing once, with the number of its last change.
CREATE TABLE changes (
    kind INTEGER NOT NULL,      -- 0: a session; 1: the KPIs of the sessions that ended within a quarter-hour
    key INTEGER NOT NULL,       -- sessions.session, also of one that is gone; quarter-hours since 1970 UTC
    revision INTEGER NOT NULL,  -- number of the change: those that came together have the same
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_by_revision ON changes (revision);

CREATE TRIGGER session_removed AFTER DELETE ON sessions BEGIN INSERT OR REPLACE INTO changes VALUES (0, old.session, (SELECT coalesce(max(revision), 0) + 1 FROM changes)); END;
CREATE TRIGGER kpis_added AFTER INSERT ON points BEGIN INSERT OR REPLACE INTO changes VALUES (1, new.ended_at / 900000, (SELECT coalesce(max(revision), 0) + 1 FROM changes)); END;
CREATE TRIGGER kpis_removed AFTER DELETE ON points BEGIN INSERT OR REPLACE INTO changes VALUES (1, old.ended_at / 900000, (SELECT coalesce(max(revision), 0) + 1 FROM changes)); END;

-- Every response that counts, once, under its owner, with the usage of its best copy.
CREATE VIEW counted_responses AS
SELECT r.segment, r.position, r.pass, r.key, r.model, r.provider, r.started_at, r.ended_at, r.input, r.cache_read,
       r.cache_write_5m, r.cache_write_1h, r.output, r.reasoning, r.web_searches, r.cost_pico, r.reliable, r.branch
FROM responses r
WHERE r.counted = 1
  AND NOT EXISTS (SELECT 1 FROM better_copies b WHERE b.segment = r.segment AND b.position = r.position)
UNION ALL
SELECT b.segment, b.position, r.pass, r.key, r.model, r.provider, o.started_at, o.ended_at, r.input, r.cache_read,
       r.cache_write_5m, r.cache_write_1h, r.output, r.reasoning, r.web_searches, r.cost_pico,
       max(o.reliable, r.reliable), o.branch
FROM better_copies b
CROSS JOIN responses r ON r.segment = b.better_segment AND r.position = b.better_position
CROSS JOIN responses o ON o.segment = b.segment AND o.position = b.position AND o.pass = 0;

-- Every tool call that counts: those of copied history are left out.
CREATE VIEW counted_tool_calls AS
SELECT t.*, s.session FROM tool_calls t JOIN segments s USING (segment) WHERE t.position > s.inherited_until;

-- Every prompt that counts: those of copied history are left out.
CREATE VIEW counted_prompts AS
SELECT p.*, s.session FROM prompts p JOIN segments s USING (segment) WHERE p.position > s.inherited_until;

-- Which store this is: sums made from another one are of no use.
INSERT INTO meta VALUES ('store', lower(hex(randomblob(8))));
