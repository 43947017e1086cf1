-- The rollups: sums of what the warehouse holds, by day and by month of one time zone. A cache: nothing is only here.
--
-- Every table of sums has the same leading key:
--   grain    0: one day; 1: one calendar month
--   span     days since 1970-01-01, or months since January 1970, in the zone of meta.zone
--   project  names.name of the project: the session's own for usage, tool calls and KPIs, else that of the session at
--            the top; 0: all projects together
--   agent    names.name of the agent
-- Costs are two columns that add up without overflow: `micro` (whole microdollars) and `rest` (picodollars below one).
-- What the log gives no time for lies on the day 0, 1970-01-01: it is in the whole history and in no day of it.
-- What is folded: a main session with its subagents is one session, dated by its own beginning; usage and tool calls
-- are dated by themselves.

-- Facts about the rollups themselves:
--   version, zone, place, store   what they were made by and from; another one now: they are made anew
--   noted                         number of the warehouse's last change that is in `waiting`, or dealt with
--   revision                      number of the last change that is in here in whole
--   as_of                         when that was, ms UTC
--   ready                         1: they have been complete once
--   verdicts_at                   when verdicts of a large group were last told anew, ms UTC
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Main sessions to be described anew: an interruption leaves them here.
CREATE TABLE waiting (
    number INTEGER PRIMARY KEY,     -- order: those that lie close together in time share days
    id TEXT NOT NULL UNIQUE         -- <agent>:<native id>
) STRICT;

-- Days (their number) whose KPIs are to be added up anew.
CREATE TABLE waiting_days (day INTEGER PRIMARY KEY) STRICT;

-- Task types whose verdicts are to be told anew.
CREATE TABLE waiting_types (task_type TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Texts that are keys elsewhere. 0 is never used; the empty text means "not known".
CREATE TABLE names (name INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

-- Which session at the top each session belongs to, and its row there.
CREATE TABLE members (
    session INTEGER PRIMARY KEY,    -- the warehouse's sessions.session
    root INTEGER NOT NULL           -- roots.root
) STRICT;
CREATE INDEX members_by_root ON members (root);

-- One row per main session with its subagents folded in: what lists sort and filter by.
CREATE TABLE roots (
    root INTEGER PRIMARY KEY,       -- surrogate key
    id TEXT NOT NULL UNIQUE,        -- <agent>:<native id>
    agent INTEGER NOT NULL,         -- names.name
    project INTEGER NOT NULL,       -- names.name
    task_type INTEGER NOT NULL,     -- names.name
    model INTEGER NOT NULL,         -- names.name: the one with the most tokens of the tree
    started_at INTEGER,             -- ms UTC
    ended_at INTEGER,               -- ms UTC: the last of the tree
    active_ms INTEGER,              -- its own; NULL: its log is missing, or tells no times
    turns INTEGER,                  -- its own; NULL: its log is missing
    prompts INTEGER,                -- its own; NULL: its log is missing
    tool_calls INTEGER NOT NULL,    -- of the tree
    tool_errors INTEGER NOT NULL,   -- of the tree
    subagents INTEGER NOT NULL,     -- subagent sessions below it
    tokens INTEGER NOT NULL,        -- all tokens of the tree, each once
    micro INTEGER,                  -- microdollars of the tree, rounded; NULL: nothing is priced
    own_micro INTEGER,              -- the same without subagents
    unpriced INTEGER NOT NULL,      -- responses of the tree without a known price
    own_unpriced INTEGER NOT NULL,  -- the same without subagents
    unreliable INTEGER NOT NULL,    -- responses of the tree whose output is a lower bound
    findings INTEGER NOT NULL,      -- of the tree
    waste_micro INTEGER,            -- microdollars of the dearest detector's findings; NULL: no finding is priced
    verdict INTEGER NOT NULL,       -- names.name: verdict of the token axis on the session itself
    complete INTEGER NOT NULL,      -- 0: its log ends within a turn
    log_missing INTEGER NOT NULL,   -- 1: only subagents of it have left logs
    opening_hash INTEGER            -- hash of its first prompt: sessions that open alike count as retries of each other
) STRICT;
CREATE INDEX roots_by_end ON roots (ended_at);
CREATE INDEX roots_by_start ON roots (started_at);
CREATE INDEX roots_by_cost ON roots (micro);
CREATE INDEX roots_by_waste ON roots (waste_micro) WHERE waste_micro IS NOT NULL;
CREATE INDEX roots_by_opening ON roots (opening_hash, project, started_at) WHERE opening_hash IS NOT NULL;
CREATE INDEX roots_by_task ON roots (task_type);

-- What a list shows and searches of a session's text; redacted, as the warehouse has it.
CREATE TABLE root_texts (
    root INTEGER PRIMARY KEY,       -- roots.root
    label TEXT NOT NULL,            -- title, else how it began
    search TEXT NOT NULL            -- title, beginning, project, branch and id in lower case
) STRICT;

-- Beside each of the tables below but `kpi_cells` lies one called `<name>_parts`: what each session has added to it, so
-- that it can be taken out again when the session changes. Its columns are `root` and those of the table without `grain`.

-- Usage by the day of the response; a subagent's goes by its own project, not by that of the session at the top.
CREATE TABLE usage_cells (
    grain INTEGER NOT NULL, span INTEGER NOT NULL, project INTEGER NOT NULL, agent INTEGER NOT NULL,
    model INTEGER NOT NULL,         -- names.name
    kind INTEGER NOT NULL,          -- names.name: main or subagent
    responses INTEGER NOT NULL, input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL, output INTEGER NOT NULL, reasoning INTEGER NOT NULL, web_searches INTEGER NOT NULL,
    priced INTEGER NOT NULL, unpriced INTEGER NOT NULL, unreliable INTEGER NOT NULL,
    micro INTEGER NOT NULL, rest INTEGER NOT NULL,
    PRIMARY KEY (grain, project, span, agent, model, kind)
) STRICT, WITHOUT ROWID;

-- Sessions by the day they began.
CREATE TABLE session_cells (
    grain INTEGER NOT NULL, span INTEGER NOT NULL, project INTEGER NOT NULL, agent INTEGER NOT NULL,
    task_type INTEGER NOT NULL,     -- names.name
    sessions INTEGER NOT NULL,      -- sessions at the top
    logs_missing INTEGER NOT NULL,  -- of these: only subagents have left logs
    subagents INTEGER NOT NULL,     -- subagent sessions below them
    active_ms INTEGER NOT NULL, turns INTEGER NOT NULL, prompts INTEGER NOT NULL, compactions INTEGER NOT NULL,
    api_errors INTEGER NOT NULL,    -- the sessions' own
    tool_calls INTEGER NOT NULL, tool_errors INTEGER NOT NULL, tool_denied INTEGER NOT NULL,
    lines_added INTEGER NOT NULL, lines_removed INTEGER NOT NULL, -- of the trees
    with_logs INTEGER NOT NULL,     -- main sessions with a log of their own: what retry signals are about
    prompted INTEGER NOT NULL,      -- of these: at least one prompt
    follow_ups INTEGER NOT NULL, followed_up INTEGER NOT NULL,      -- how many; sessions with one
    interruptions INTEGER NOT NULL, interrupted INTEGER NOT NULL,
    comparable INTEGER NOT NULL, retried INTEGER NOT NULL,          -- opening and project known; opened alike before
    spawns INTEGER NOT NULL, spawning INTEGER NOT NULL,
    wasteful INTEGER NOT NULL,      -- sessions with a finding
    PRIMARY KEY (grain, project, span, agent, task_type)
) STRICT, WITHOUT ROWID;

-- What sessions at the top cost, by the day they began; each of the model that it used most, as in `roots`.
CREATE TABLE cost_cells (
    grain INTEGER NOT NULL, span INTEGER NOT NULL, project INTEGER NOT NULL, agent INTEGER NOT NULL,
    model INTEGER NOT NULL,         -- names.name
    sessions INTEGER NOT NULL,
    logs_missing INTEGER NOT NULL,  -- of which only subagents have left logs
    priced INTEGER NOT NULL,        -- with a known cost
    unpriced INTEGER NOT NULL,      -- with an unpriced response
    micro INTEGER NOT NULL,         -- sum of roots.micro
    PRIMARY KEY (grain, project, span, agent, model)
) STRICT, WITHOUT ROWID;

-- Verdicts of the token axis by the day the session began. They depend on the other sessions: see meta.verdicts_at.
CREATE TABLE verdict_cells (
    grain INTEGER NOT NULL, span INTEGER NOT NULL, project INTEGER NOT NULL, agent INTEGER NOT NULL,
    task_type INTEGER NOT NULL, verdict INTEGER NOT NULL,   -- names.name
    sessions INTEGER NOT NULL,
    PRIMARY KEY (grain, project, span, agent, task_type, verdict)
) STRICT, WITHOUT ROWID;

-- Findings by the day on which the session at the top began. Detectors overlap: never add over them.
CREATE TABLE waste_cells (
    grain INTEGER NOT NULL, span INTEGER NOT NULL, project INTEGER NOT NULL, agent INTEGER NOT NULL,
    detector INTEGER NOT NULL,      -- names.name
    sessions INTEGER NOT NULL,      -- sessions with such a finding, subagents folded into theirs
    findings INTEGER NOT NULL, times INTEGER NOT NULL, tokens INTEGER NOT NULL, carried_tokens INTEGER NOT NULL,
    priced INTEGER NOT NULL, unpriced INTEGER NOT NULL, unweighed INTEGER NOT NULL,
    micro INTEGER NOT NULL, rest INTEGER NOT NULL,
    PRIMARY KEY (grain, project, span, agent, detector)
) STRICT, WITHOUT ROWID;

-- Findings by kind of agent, each session by itself.
CREATE TABLE waste_type_cells (
    grain INTEGER NOT NULL, span INTEGER NOT NULL, project INTEGER NOT NULL, agent INTEGER NOT NULL,
    agent_type INTEGER NOT NULL,    -- names.name: "main session", or the subagent's type
    detector INTEGER NOT NULL,      -- names.name
    sessions INTEGER NOT NULL,      -- sessions with such a finding
    findings INTEGER NOT NULL, times INTEGER NOT NULL, tokens INTEGER NOT NULL, carried_tokens INTEGER NOT NULL,
    priced INTEGER NOT NULL, unpriced INTEGER NOT NULL, unweighed INTEGER NOT NULL,
    micro INTEGER NOT NULL, rest INTEGER NOT NULL,
    PRIMARY KEY (grain, project, span, agent, agent_type, detector)
) STRICT, WITHOUT ROWID;

-- Tool calls by the day of the call; by project as usage. t0 to t13: calls that ran to their end in less than
-- 0.125 s · 2^n and not less than half of that; t14: longer ones.
CREATE TABLE tool_cells (
    grain INTEGER NOT NULL, span INTEGER NOT NULL, project INTEGER NOT NULL, agent INTEGER NOT NULL,
    tool INTEGER NOT NULL,          -- names.name
    category INTEGER NOT NULL,      -- names.name
    calls INTEGER NOT NULL, ok INTEGER NOT NULL, errors INTEGER NOT NULL, denied INTEGER NOT NULL,
    cancelled INTEGER NOT NULL, missing INTEGER NOT NULL,
    results INTEGER NOT NULL, result_chars INTEGER NOT NULL,
    priced INTEGER NOT NULL, unpriced INTEGER NOT NULL, unattributed INTEGER NOT NULL,
    micro INTEGER NOT NULL, rest INTEGER NOT NULL, -- a response's cost, split evenly among its calls
    t0 INTEGER NOT NULL, t1 INTEGER NOT NULL, t2 INTEGER NOT NULL, t3 INTEGER NOT NULL, t4 INTEGER NOT NULL,
    t5 INTEGER NOT NULL, t6 INTEGER NOT NULL, t7 INTEGER NOT NULL, t8 INTEGER NOT NULL, t9 INTEGER NOT NULL,
    t10 INTEGER NOT NULL, t11 INTEGER NOT NULL, t12 INTEGER NOT NULL, t13 INTEGER NOT NULL, t14 INTEGER NOT NULL,
    PRIMARY KEY (grain, project, span, agent, tool, category)
) STRICT, WITHOUT ROWID;

-- KPIs by the day the session ended; every session by itself, those that only telemetry knows included. A day is added
-- up anew when anything in it changes.
CREATE TABLE kpi_cells (
    grain INTEGER NOT NULL, span INTEGER NOT NULL, project INTEGER NOT NULL, agent INTEGER NOT NULL,
    agent_type INTEGER NOT NULL,    -- names.name
    kpi INTEGER NOT NULL,           -- names.name
    sessions INTEGER NOT NULL,      -- with a value
    millionths INTEGER NOT NULL,    -- sum of their values, each rounded to a millionth and cut at a thousand million
    PRIMARY KEY (grain, project, span, agent, agent_type, kpi)
) STRICT, WITHOUT ROWID;
