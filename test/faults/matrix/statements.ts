/** Functions of the server, called by a SELECT, that leave a trace: an entry, a lock, a session that ends. */
const acting =
  /\bbelay\.(?!version\b|journal\b|head\b|snapshot\b|applied\b|hold\b|autovacuum\b|came_back\b|kept_now\b|returned\b|unsettled\b|violations\b)\w+\(|pg_(try_)?advisory|pg_terminate_backend|pg_cancel_backend|setval|nextval/i;

/**
 * Whether a statement may leave a trace in the database that the one before did not: reads leave none, and what a session sets for itself, or the beginning of a
 * transaction, goes with the session. What is not known to be harmless counts: between two statements that count every boundary is like the next.
 */
export function leavesTrace(text: string): boolean {
  const words = text.trimStart().toUpperCase();
  if (/^WITH\b.*\b(INSERT INTO|DELETE FROM|MERGE INTO|UPDATE \S+ SET)\b/s.test(words)) return true;
  return !/^(SET|RESET|BEGIN|ROLLBACK|SAVEPOINT|SHOW|SELECT|WITH)\b/.test(words) || acting.test(text);
}
