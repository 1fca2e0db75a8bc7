import type { ObjectKey } from "../../plan/step.js";
import { quoteQualified } from "../../sql/quote.js";
import type { Session } from "../session/session.js";

/** Those of the objects that are in the catalog already, by key: an IF NOT EXISTS would meet them. */
export async function metObjects(session: Session, objects: readonly ObjectKey[]): Promise<readonly string[]> {
  const met: string[] = [];
  for (const object of objects) {
    if (await exists(session, object)) met.push(object.key);
  }
  return met;
}

/** Is there a relation (table, index, view, sequence) of that name? */
export async function relationExists(session: Session, name: string): Promise<boolean> {
  return ask(session, "SELECT to_regclass($1) IS NOT NULL AS there", [name]);
}

async function exists(session: Session, object: ObjectKey): Promise<boolean> {
  const name = quoteQualified({ schema: object.schema, name: object.name });
  switch (object.kind) {
    case "column":
      return ask(
        session,
        "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped) AS there",
        [ownerOf(object), object.name],
      );
    case "constraint":
      return ask(
        session,
        "SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass($1) AND conname = $2) AS there",
        [ownerOf(object), object.name],
      );
    case "enum value":
      return ask(
        session,
        "SELECT EXISTS (SELECT FROM pg_enum WHERE enumtypid = to_regtype($1) AND enumlabel = $2) AS there",
        [ownerOf(object), object.name],
      );
    case "schema":
      return ask(session, "SELECT to_regnamespace($1) IS NOT NULL AS there", [name]);
    case "extension":
      return ask(session, "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = $1) AS there", [object.name]);
    case "type":
    case "domain":
      return ask(session, "SELECT to_regtype($1) IS NOT NULL AS there", [name]);
    case "collation":
      return ask(session, "SELECT to_regcollation($1) IS NOT NULL AS there", [name]);
    case "server":
      return ask(session, "SELECT EXISTS (SELECT FROM pg_foreign_server WHERE srvname = $1) AS there", [object.name]);
    case "user mapping":
      return ask(
        session,
        "SELECT EXISTS (SELECT FROM pg_user_mappings WHERE CASE umuser WHEN 0 THEN 'public' ELSE usename END || ' on ' || srvname = $1) AS there",
        [object.name],
      );
    case "statistics":
      return ask(session, "SELECT EXISTS (SELECT FROM pg_statistic_ext WHERE stxname = $1) AS there", [object.name]);
    default:
      return relationExists(session, name);
  }
}

/** What it is a part of, quoted. */
function ownerOf({ schema, of }: ObjectKey): string {
  return quoteQualified({ schema, name: of ?? "" });
}

async function ask(session: Session, sql: string, values: readonly unknown[]): Promise<boolean> {
  const [row] = await session.query<{ there: boolean }>(sql, values);
  return row?.there === true;
}
