-- From schema 3 to 4: what has changed, for those who keep sums of their own. Of an old store everything has.

CREATE TABLE changes (
    kind INTEGER NOT NULL,
    key INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_by_revision ON changes (revision);

INSERT INTO changes SELECT 0, session, 1 FROM sessions;
INSERT INTO changes SELECT DISTINCT 1, ended_at / 900000, 1 FROM points;

CREATE TRIGGER session_removed AFTER DELETE ON sessions BEGIN INSERT OR REPLACE INTO changes VALUES (0, old.session, (SELECT coalesce(max(revision), 0) + 1 FROM changes)); END;
CREATE TRIGGER kpis_added AFTER INSERT ON points BEGIN INSERT OR REPLACE INTO changes VALUES (1, new.ended_at / 900000, (SELECT coalesce(max(revision), 0) + 1 FROM changes)); END;
CREATE TRIGGER kpis_removed AFTER DELETE ON points BEGIN INSERT OR REPLACE INTO changes VALUES (1, old.ended_at / 900000, (SELECT coalesce(max(revision), 0) + 1 FROM changes)); END;

DROP INDEX sessions_by_opening;
DROP INDEX sessions_by_task;
CREATE INDEX sessions_by_task ON sessions (task_type, kind, model, turns, real_tokens, input_tokens, unreliable, id) WHERE task_type IS NOT NULL;
CREATE INDEX alerts_by_severity ON alerts (severity, at);
CREATE INDEX logs_by_agent ON logs (agent, mtime_ns, size);
CREATE INDEX logs_with_unknown ON logs (agent, unknown_types) WHERE unknown_types <> '{}';
CREATE INDEX sessions_by_opening ON sessions (opening_hash, project, started_at) WHERE opening_hash IS NOT NULL;

INSERT OR REPLACE INTO meta VALUES ('store', lower(hex(randomblob(8))));
