-- What a refresh works with, for one batch of main sessions at a time.

-- Sessions that have changed, or are gone.
CREATE TEMP TABLE changed (session INTEGER PRIMARY KEY);

-- The ids of the main sessions of the batch.
CREATE TEMP TABLE batch (id TEXT PRIMARY KEY) WITHOUT ROWID;

-- The main sessions of the batch, with their rows in `roots` (also those that are gone).
CREATE TEMP TABLE wanted (root INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);

-- Their sessions, each with its own project and agent (of `names`), by which usage and calls go.
CREATE TEMP TABLE wanted_sessions (
    session INTEGER PRIMARY KEY, root INTEGER NOT NULL, project INTEGER NOT NULL, agent INTEGER NOT NULL);

-- The segments of these; calls up to the position `until` are copies.
CREATE TEMP TABLE wanted_segments (
    segment INTEGER PRIMARY KEY, session INTEGER NOT NULL, root INTEGER NOT NULL, until INTEGER NOT NULL);
CREATE INDEX temp.wanted_segments_by_root ON wanted_segments (root);

-- The batch's sessions at the top with their subagents folded in; names are those of `names`.
CREATE TEMP TABLE tops (
    root INTEGER PRIMARY KEY, id TEXT NOT NULL, own INTEGER, is_main INTEGER NOT NULL, agent INTEGER NOT NULL,
    project INTEGER NOT NULL, task_type INTEGER NOT NULL, started_at INTEGER, ended_at INTEGER, day INTEGER NOT NULL,
    sessions INTEGER NOT NULL, tool_calls INTEGER NOT NULL, tool_errors INTEGER NOT NULL, tool_denied INTEGER NOT NULL,
    lines_added INTEGER NOT NULL, lines_removed INTEGER NOT NULL, spawns INTEGER NOT NULL);

-- What each session of the batch used with each model.
CREATE TEMP TABLE models_used (
    root INTEGER NOT NULL, own INTEGER NOT NULL, model TEXT NOT NULL, tokens INTEGER NOT NULL, pico INTEGER,
    unpriced INTEGER NOT NULL, unreliable INTEGER NOT NULL, PRIMARY KEY (root, own, model)) WITHOUT ROWID;

-- The batch's responses that made calls: how many, and the first one's position.
CREATE TEMP TABLE callers (
    segment INTEGER NOT NULL, response INTEGER NOT NULL, calls INTEGER NOT NULL, first INTEGER NOT NULL,
    PRIMARY KEY (segment, response)) WITHOUT ROWID;

-- What each of their calls carries of their cost (picodollars); the first one carries the rest, too.
CREATE TEMP TABLE call_costs (
    segment INTEGER NOT NULL, position INTEGER NOT NULL, first INTEGER NOT NULL, share INTEGER, rest INTEGER,
    unpriced INTEGER NOT NULL, PRIMARY KEY (segment, position)) WITHOUT ROWID;

-- Their verdicts as they were told last.
CREATE TEMP TABLE verdicts_held (root INTEGER PRIMARY KEY, verdict INTEGER NOT NULL);

-- Days and months whose KPIs are added up: a day's first moment and that of the next one (ms UTC); a month's first and
-- last day.
CREATE TEMP TABLE kpi_days (day INTEGER PRIMARY KEY, start INTEGER NOT NULL, stop INTEGER NOT NULL);
CREATE TEMP TABLE kpi_months (month INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL);

-- Main sessions whose verdict is another one now.
CREATE TEMP TABLE flips (id TEXT PRIMARY KEY, verdict INTEGER NOT NULL) WITHOUT ROWID;
