/**
 * Settings under which every statement of a change runs, in Belay's own sessions and in an artifact that runs alone: what a database or a role has set for its
 * application does not reach them (manual, chapter 19). With another isolation what is kept before it is dropped would be as old as the transaction.
 */
export const pinnedSettings: readonly string[] = [
  "TimeZone = 'UTC'",
  "synchronous_commit = on",
  "statement_timeout = 0",
  "default_transaction_isolation = 'read committed'",
  "default_transaction_deferrable = off",
  "row_security = on",
  "DateStyle = 'ISO, MDY'",
  "IntervalStyle = postgres",
  "standard_conforming_strings = on",
  "check_function_bodies = on",
  "quote_all_identifiers = off",
];

/** Ends the timeouts that came with versions 14 and 17: a session that waits for an approval, or works for long, is not ended. To stand after SELECT or PERFORM. */
export const withoutTimeouts = `set_config(name, '0', false) FROM unnest(ARRAY['idle_session_timeout', 'transaction_timeout']) AS name WHERE current_setting(name, true) IS NOT NULL`;
