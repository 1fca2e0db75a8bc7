import type { ServerFacts } from "../../preflight/facts.js";
import type { Session } from "../session/session.js";
import { sqlStateOf } from "../session/sql-state.js";

/**
 * What the server says of itself and of the role, in one statement; in two where the role may not read the system identifier, which is null then.
 * `searchPath` is the policy's.
 */
export async function readServer(session: Session, searchPath: string): Promise<ServerFacts> {
  const schemas = searchPath.split(",").map((name) => name.trim());
  try {
    return await ask(session, schemas, "(SELECT system_identifier::text FROM pg_control_system())");
  } catch (thrown) {
    if (sqlStateOf(thrown) !== "42501") throw thrown;
    return ask(session, schemas, "NULL");
  }
}

async function ask(session: Session, schemas: readonly string[], systemIdentifier: string): Promise<ServerFacts> {
  const [row] = await session.query<{ facts: ServerFacts }>(serverFacts(systemIdentifier), [schemas]);
  return row?.facts as ServerFacts;
}

/** A setting as the role has it before Belay pins its own; null where the role may not know it (manual, 53.25 pg_settings). */
const before = (name: string): string => `(SELECT reset_val FROM pg_settings WHERE name = '${name}')`;

/** Whether something holds of each table of the ledger. Of several privileges in one text has_table_privilege() wants only one (manual, 9.27.2). */
const onLedger = (condition: string): string => `coalesce((
      SELECT has_schema_privilege(n.oid, 'USAGE') AND coalesce(bool_and(${condition}), true)
      FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'r' WHERE n.nspname = 'belay' GROUP BY n.oid), false)`;

const serverFacts = (systemIdentifier: string): string => `
SELECT json_build_object(
  'systemIdentifier', ${systemIdentifier},
  'database', current_database(),
  'version', split_part(current_setting('server_version'), ' ', 1),
  'major', current_setting('server_version_num')::int / 10000,
  'startedAt', extract(epoch FROM pg_postmaster_start_time())::text,
  'role', current_user,
  'superuser', current_setting('is_superuser') = 'on',
  'inRecovery', pg_is_in_recovery(),
  'readOnly', ${before("default_transaction_read_only")} = 'on',
  'mayCreateInDatabase', has_database_privilege(current_database(), 'CREATE'),
  'ledger', json_build_object(
    'there', EXISTS (SELECT FROM pg_namespace WHERE nspname = 'belay'),
    'readable', ${onLedger("c.relname <> 'journal' OR has_table_privilege(c.oid, 'SELECT')")},
    'usable', ${onLedger("has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, CASE c.relname WHEN 'head' THEN 'UPDATE' ELSE 'INSERT' END)")}),
  'encoding', current_setting('server_encoding'),
  'collation', (SELECT datcollate || '/' || datctype FROM pg_database WHERE datname = current_database()),
  'timeZone', ${before("TimeZone")},
  'ownSearchPath', ${before("search_path")},
  'schemas', ARRAY(SELECT nspname FROM pg_namespace WHERE nspname = ANY ($1::text[]) AND has_schema_privilege(oid, 'USAGE')),
  'extensions', (SELECT coalesce(json_agg(json_build_object('name', extname, 'version', extversion) ORDER BY extname), '[]') FROM pg_extension),
  'defaultPrivileges', ARRAY(
    SELECT d.defaclrole::regrole::text || coalesce(' in ' || n.nspname, '') || ': ' || d.defaclobjtype::text || ' '
      || array_to_string(ARRAY(SELECT a::text FROM unnest(d.defaclacl) a ORDER BY 1), ' ')
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace ORDER BY 1),
  'lacksStandby', current_setting('synchronous_standby_names') <> '' AND NOT EXISTS (SELECT FROM pg_stat_replication),
  'dataDirectory', (SELECT setting FROM pg_settings WHERE name = 'data_directory')
) AS facts`;
