"""Before and after: two parts of the history, cut at dates or at commits, compared like with like."""
