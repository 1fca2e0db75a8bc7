/**
 * A query: what kind of vacuum a process is, `autovacuum` or `wraparound vacuum`, where the server runs it by itself; else null, or no row. Without pg_read_all_stats a
 * role sees neither its kind nor its query: then it is the one in this database without a user, and the age of the table tells whether it gives way (manual, 24.1.5).
 * @param process an expression for its process id.
 */
export const vacuumKind = (process: string): string => `
  SELECT CASE
      WHEN NOT coalesce(a.backend_type = 'autovacuum worker', a.usesysid IS NULL) THEN NULL
      WHEN CASE WHEN a.backend_type IS NOT NULL THEN a.query LIKE '%(to prevent wraparound)%' ELSE EXISTS (
        SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation AND c.relfrozenxid <> '0',
          LATERAL (SELECT max(o.option_value::bigint) FILTER (WHERE o.option_name = 'autovacuum_freeze_max_age') AS xids,
            max(o.option_value::bigint) FILTER (WHERE o.option_name = 'autovacuum_multixact_freeze_max_age') AS multixacts
            FROM pg_options_to_table(c.reloptions) o) AS own
        WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
          AND (age(c.relfrozenxid) > least(own.xids, current_setting('autovacuum_freeze_max_age')::bigint)
            OR mxid_age(c.relminmxid) > least(own.multixacts, current_setting('autovacuum_multixact_freeze_max_age')::bigint)))
      END THEN 'wraparound vacuum'
      ELSE 'autovacuum' END
  FROM pg_stat_activity a WHERE a.pid = ${process} AND a.datid IS NOT NULL`;
