import type { ObjectReference } from "../sql/effects.js";
import { quoteQualified } from "../sql/quote.js";
import type { Demand, RowsKept } from "./demand.js";
import type { ObjectFacts, RelationFacts, TargetFacts } from "./facts.js";
import { few, refuse, warn, type Finding } from "./finding.js";

/** What the pending statements of a target, in order, want and cannot have there: rights, extensions, schemas, objects. */
export function judgeObjects(
  facts: TargetFacts,
  demands: readonly Demand[],
  searchPath: readonly string[],
): readonly Finding[] {
  const forward = demands.filter(({ direction }) => direction === "up");
  return [
    ...judgeRights(facts, demands),
    ...judgeKeeping(facts, demands),
    ...judgeCreating(facts, forward, searchPath),
    ...judgeIndexing(facts, demands),
    ...judgeExtensions(facts, forward),
    ...judgeSearchPath(facts, forward, searchPath),
    ...missingFor(facts, demands).map(({ reference, demand }) => missingFinding(facts.target, reference, demand)),
  ];
}

/** Rights on what is there already. What pending changes make belongs to the role. */
function judgeRights({ target, server, relations }: TargetFacts, demands: readonly Demand[]): readonly Finding[] {
  if (server.superuser) return [];
  const byName = new Map(relations.map((relation) => [relation.name, relation]));
  const lacking = new Map<string, { relation: RelationFacts; right: string; demand: Demand }>();
  for (const demand of demands) {
    for (const { name, right } of demand.relations) {
      const relation = byName.get(name);
      if (relation === undefined || right === null || relation.rights.includes(right)) continue;
      if (!lacking.has(`${name} ${right}`)) lacking.set(`${name} ${right}`, { relation, right, demand });
    }
  }
  return [...lacking.values()].map(({ relation, right, demand }) => {
    const { name, owner } = relation;
    const owns = right === "owner" || right === "maintain";
    const what = owns ? `does not own ${name} (its owner is ${owner})` : `lacks ${right} on ${name}`;
    const hint = owns
      ? `GRANT ${owner} TO ${server.role}; or connect as ${owner}.`
      : `GRANT ${right} ON ${name} TO ${server.role};`;
    return refuse("rights-missing", target, `the role ${server.role} ${what}, which ${placeOf(demand)} wants.`, hint);
  });
}

/** What rows were is read to be kept, every column, as RETURNING wants (manual, UPDATE); and it is put there again by any of the statements that write rows. */
function judgeKeeping({ target, server, relations }: TargetFacts, demands: readonly Demand[]): readonly Finding[] {
  if (server.superuser) return [];
  return relations.flatMap(({ name, rights, readsRows, keyed }) => {
    const demand = demands.find(({ keeps }) => keeps?.relations.includes(name) === true);
    const commands = demands.flatMap(({ keeps }) => (keeps?.relations.includes(name) === true ? keeps.command : []));
    const wanted = rightsToPutBack(commands, keyed).filter((one) => !rights.includes(one));
    const lacking = [...(readsRows ? [] : ["SELECT"]), ...wanted].join(", ");
    if (demand === undefined || lacking === "") return [];
    const message = `the role ${server.role} lacks ${lacking} on ${name}: ${placeOf(demand)} writes its rows; what they were is read to be kept, and the way back puts it there again.`;
    const hint = `GRANT ${lacking} ON ${name} TO ${server.role}; or say "-- belay:keep off" at the head of the up file.`;
    return [refuse("rights-missing", target, message, hint)];
  });
}

/** Each kind of statement is undone by another; and rows that are looked at before they go back are locked, which wants UPDATE (manual, SELECT, FOR UPDATE). */
function rightsToPutBack(commands: readonly RowsKept["command"][], keyed: boolean): readonly string[] {
  const any = (...of: readonly RowsKept["command"][]): boolean => commands.some((command) => of.includes(command));
  return [
    ...(any("DELETE", "TRUNCATE", "MERGE") ? ["INSERT"] : []),
    ...(any("INSERT", "UPSERT", "MERGE") ? ["DELETE"] : []),
    ...(keyed ? ["UPDATE"] : []),
  ];
}

/** CREATE on the schemas in which something is made, and on the database for schemas. */
function judgeCreating(
  { target, server, objects }: TargetFacts,
  demands: readonly Demand[],
  searchPath: readonly string[],
): readonly Finding[] {
  if (server.superuser) return [];
  const made = namesMade(demands, "schema");
  const schemas = new Map<string, Demand>();
  const findings: Finding[] = [];
  for (const demand of demands) {
    for (const { schema } of demand.makes.filter(livesInSchema)) {
      const home = schema ?? searchPath[0] ?? "public";
      if (!made.has(home) && !schemas.has(home)) schemas.set(home, demand);
    }
    const schema = demand.makes.find(({ kind }) => kind === "schema");
    if (schema !== undefined && !server.mayCreateInDatabase) {
      const message = `the role ${server.role} may not make the schema ${schema.name}, which ${placeOf(demand)} wants.`;
      findings.push(
        refuse("rights-missing", target, message, `GRANT CREATE ON DATABASE ${server.database} TO ${server.role};`),
      );
    }
  }
  for (const [schema, demand] of schemas) {
    const found = objects.find((object) => object.kind === "schema" && object.name === schema);
    if (found === undefined || !found.there || found.usable) continue;
    const message = `the role ${server.role} may not create anything in the schema ${schema}, which ${placeOf(demand)} wants.`;
    findings.push(refuse("rights-missing", target, message, `GRANT CREATE ON SCHEMA ${schema} TO ${server.role};`));
  }
  return findings;
}

/** An index lives in its table's schema, and whoever makes one must be allowed to create there, the table's owner too (manual, 5.8 Privileges: CREATE). */
function judgeIndexing({ target, server, relations }: TargetFacts, demands: readonly Demand[]): readonly Finding[] {
  if (server.superuser) return [];
  const byName = new Map(relations.map((relation) => [relation.name, relation]));
  const demand = new Map<RelationFacts, Demand>();
  for (const one of demands.filter(({ makes }) => makes.length > 0)) {
    const relation = byName.get(one.work.find(({ kind }) => kind === "index")?.relation ?? "");
    if (relation?.schemaCreate === false && !demand.has(relation)) demand.set(relation, one);
  }
  return [...demand].map(([{ name }, one]) => {
    const message = `the role ${server.role} may not create anything in the schema of ${name}, and ${placeOf(one)} builds an index there.`;
    return refuse("rights-missing", target, message, `GRANT CREATE ON SCHEMA … TO ${server.role};`);
  });
}

const standalone: ReadonlySet<string> = new Set([
  "column",
  "constraint",
  "trigger",
  "policy",
  "rule",
  "enum value",
  "index",
  "statistics",
]);
const schemaLess: ReadonlySet<string> = new Set([
  "schema", "extension", "role", "database", "tablespace", "publication", "subscription", "server", "foreign data wrapper", "event trigger",
  "language", "cast", "access method", "user mapping", "transform", "large object", "parameter",
]); // prettier-ignore

/** Parts of a table live where that does, and some objects live in no schema. */
function livesInSchema({ kind }: ObjectReference): boolean {
  return !standalone.has(kind) && !schemaLess.has(kind);
}

function judgeExtensions({ target, server, objects }: TargetFacts, demands: readonly Demand[]): readonly Finding[] {
  return demands.flatMap((demand) =>
    demand.makes
      .filter(({ kind }) => kind === "extension")
      .flatMap(({ name }) => {
        const found = objects.find((object) => object.kind === "extension" && object.name === name);
        if (found === undefined || found.there) return [];
        if (!found.usable) {
          const message = `the server does not have the extension ${name} to install, which ${placeOf(demand)} wants.`;
          return [
            refuse(
              "extension-unavailable",
              target,
              message,
              `Install its package on the server; SELECT * FROM pg_available_extensions shows what is there.`,
            ),
          ];
        }
        if (found.owned) return [];
        const message = `the role ${server.role} may not install the extension ${name}, which ${placeOf(demand)} wants.`;
        return [refuse("rights-missing", target, message, `Let a superuser run: CREATE EXTENSION ${name};`)];
      }),
  );
}

/** An unqualified name is made in the first schema of the path that is there; a schema that the role may not look into counts as missing. */
function judgeSearchPath(
  { target, server }: TargetFacts,
  demands: readonly Demand[],
  searchPath: readonly string[],
): readonly Finding[] {
  const made = namesMade(demands, "schema");
  const missing = searchPath.filter((schema) => !server.schemas.includes(schema) && !made.has(schema));
  if (missing.length === 0) return [];
  const what = `policy.searchPath names ${few(missing)}, which the role ${server.role} does not see there`;
  const user = demands.find(({ makes }) => makes.some((made) => made.schema === null && livesInSchema(made)));
  if (!missing.includes(searchPath[0] ?? "") || user === undefined) return [warn("schema-missing", target, `${what}.`)];
  const message = `${what}, and ${placeOf(user)} makes something in it.`;
  return [
    refuse(
      "schema-missing",
      target,
      message,
      `CREATE SCHEMA ${missing[0]}; or GRANT USAGE ON SCHEMA ${missing[0]} TO ${server.role};`,
    ),
  ];
}

export interface Missing {
  readonly reference: ObjectReference;
  readonly demand: Demand;
}

/**
 * What statements of the way forward name, is not there, and is made by no statement before them. Nothing is said after a statement that nobody can see
 * through, and nothing of functions that are not found by their name alone.
 */
export function missingFor(
  { relations, objects }: Pick<TargetFacts, "relations" | "objects">,
  demands: readonly Demand[],
): readonly Missing[] {
  const there = new Set([
    ...relations.map(({ name }) => `relation ${name}`),
    ...objects.filter((object) => object.there).map(keyOfObject),
  ]);
  const columns = new Map(
    relations.map(({ name, kind, columns: list }) => [
      name,
      { kind, names: new Set(list.map((column) => column.name)) },
    ]),
  );
  const made = new Set<string>();
  const found = new Map<string, Missing>();
  for (const demand of demands) {
    if (demand.direction === "down") continue;
    if (demand.dynamic || demand.makes.some(({ kind }) => kind === "extension")) break;
    for (const reference of demand.tolerant ? [] : demand.needs) {
      const key = keyOf(reference);
      if (key === null || there.has(key) || made.has(key) || made.has(`any ${reference.name}`)) continue;
      if (reference.kind === "column" && !lacksColumn(columns, reference, made)) continue;
      if (!found.has(key)) found.set(key, { reference, demand });
    }
    for (const makes of demand.makes)
      for (const key of [keyOf(makes), `any ${makes.name}`]) if (key !== null) made.add(key);
  }
  return [...found.values()];
}

function lacksColumn(
  columns: ReadonlyMap<string, { readonly kind: string; readonly names: ReadonlySet<string> }>,
  { schema, of, name }: ObjectReference,
  made: ReadonlySet<string>,
): boolean {
  const table = columns.get(quoteQualified({ schema, name: of ?? "" }));
  return table !== undefined && "rpvmf".includes(table.kind) && !table.names.has(name) && !made.has(`any ${of ?? ""}`);
}

/** Null for what is not looked for. */
function keyOf({ kind, schema, name, of }: ObjectReference): string | null {
  switch (kind) {
    case "table":
    case "view":
    case "materialized view":
    case "sequence":
    case "foreign table":
      return `relation ${quoteQualified({ schema, name })}`;
    case "column":
      return of === undefined ? null : `column ${quoteQualified({ schema, name: of })} ${name}`;
    case "type":
    case "domain":
      return `type ${quoteQualified({ schema, name })}`;
    case "function":
      return `function ${quoteQualified({ schema, name })}`;
    default:
      return null;
  }
}

function keyOfObject({ kind, schema, name }: ObjectFacts): string {
  return `${kind} ${quoteQualified({ schema, name })}`;
}

function missingFinding(target: string, { kind, schema, name, of }: ObjectReference, demand: Demand): Finding {
  const what = `${kind} ${of === undefined ? quoteQualified({ schema, name }) : `${quoteQualified({ schema, name: of })}.${name}`}`;
  return warn("object-missing", target, `there is no ${what}, which ${placeOf(demand)} names.`);
}

function namesMade(demands: readonly Demand[], kind: string): ReadonlySet<string> {
  return new Set(demands.flatMap(({ makes }) => makes.filter((made) => made.kind === kind).map(({ name }) => name)));
}

/** `file:line:column` of a statement. */
export function placeOf({ file, place }: Demand): string {
  return place === null ? file : `${file}:${place.line}:${place.column}`;
}
