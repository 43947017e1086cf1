-- Tokens of each response that counts in one segment (?1), in the order of its records.
--
-- Columns: position; new: input, cache writes and output; whole: with cache reads.
SELECT
    r.position,
    sum(r.input + r.cache_write_5m + r.cache_write_1h + r.output) AS new,
    sum(r.input + r.cache_write_5m + r.cache_write_1h + r.output + r.cache_read) AS whole
FROM counted_responses r
WHERE r.segment = ?1
GROUP BY 1
ORDER BY 1
