"""Reports: one session, one week, one incident; as records, as documents, as Markdown."""
