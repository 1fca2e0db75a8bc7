import { emit } from "../../emit/emission.js";
import { publishedTable, textSearchMapping } from "../../emit/server-object.js";
import { entriesOf, identifier, literal, mapOf, referenced, roleName, textsOf } from "../../emit/sql-text.js";
import { sameAttribute } from "../../snapshot.js";
import { type Alteration, type Altered, type AttributeRule, type AttributeRules, follows } from "./alteration.js";
import { alterTarget, comment, commentRule, commonRules, foreignOptionChanges } from "./shared.js";

const beforeLanguage = (definition: string): string => definition.split("\n LANGUAGE ")[0] ?? "";

/** CREATE OR REPLACE keeps what stands on a routine, but changes neither its arguments' names nor its result. */
const routineDefinition: AttributeRule = (alteration) => {
  const [was, is] = [String(alteration.was["definition"]), String(alteration.object["definition"])];
  return beforeLanguage(was) === beforeLanguage(is) ? emit("create", alteration, is) : "replace";
};

export const routineRules: AttributeRules = { ...commonRules(), definition: routineDefinition };

export const aggregateRules: AttributeRules = commonRules(() => "FUNCTION");

/** Labels are only ever added and renamed: where there are as many as before, those at the same places are the same. */
const labels: AttributeRule = (alteration) => {
  const [was, is] = [textsOf(alteration.was["labels"]), textsOf(alteration.object["labels"])];
  if (was.length === is.length) return renamedLabels(alteration, was, is);
  const kept = is.filter((label) => was.includes(label));
  if (!sameAttribute(kept, was)) return "replace";
  const added = is.flatMap((label, place) =>
    was.includes(label) ? [] : [{ label, after: is[place - 1], before: was[0] }],
  );
  return alterTarget(alteration, ...added.map(({ label, after, before }) => {
    const beside = after === undefined ? (before === undefined ? "" : ` BEFORE ${literal(before)}`) : ` AFTER ${literal(after)}`;
    return `ADD VALUE ${literal(label)}${beside}`;
  })); // prettier-ignore
};

function renamedLabels(alteration: Alteration, was: readonly string[], is: readonly string[]): Altered {
  const renamed = was.flatMap((old, place) => (old === is[place] ? [] : [[old, is[place] ?? ""] as const]));
  const rename = (old: string, fresh: string): string => `RENAME VALUE ${literal(old)} TO ${literal(fresh)}`;
  const isTaken = renamed.some(([, fresh]) => was.includes(fresh));
  if (!isTaken) return alterTarget(alteration, ...renamed.map(([old, fresh]) => rename(old, fresh)));
  // They change places: each goes by a name that nobody has in between.
  const between = (place: number): string => `belay ${place}`;
  return alterTarget(alteration,
    ...renamed.map(([old], place) => rename(old, between(place))),
    ...renamed.map(([, fresh], place) => rename(between(place), fresh))); // prettier-ignore
}

export const typeRules: AttributeRules = { ...commonRules(), labels, columns: follows };

export const domainRules: AttributeRules = {
  ...commonRules(),
  default: (alteration) => {
    const value = alteration.object["default"];
    return alterTarget(alteration, value === undefined ? "DROP DEFAULT" : `SET DEFAULT ${String(value)}`);
  },
  notNull: (alteration) => {
    const { was, object } = alteration;
    if (object["notNull"] === undefined) return alterTarget(alteration, "DROP NOT NULL");
    const { name } = mapOf(object["notNull"]);
    const set = typeof name === "string" ? `ADD CONSTRAINT ${identifier(name)} NOT NULL` : "SET NOT NULL";
    return alterTarget(alteration, ...(was["notNull"] === undefined ? [] : ["DROP NOT NULL"]), set);
  },
};

export const statisticsRules: AttributeRules = {
  ...commonRules(),
  target: (alteration) => alterTarget(alteration, `SET STATISTICS ${String(alteration.object["target"] ?? -1)}`),
};

export const extensionRules: AttributeRules = {
  version: (alteration) => alterTarget(alteration, `UPDATE TO ${literal(String(alteration.object["version"]))}`),
  schema: (alteration) => alterTarget(alteration, `SET SCHEMA ${identifier(String(alteration.object["schema"]))}`),
  comment: commentRule,
};

const publish: AttributeRule = (alteration) => {
  const { object } = alteration;
  const list =
    object["publish"] === undefined ? "insert, update, delete, truncate" : textsOf(object["publish"]).join(", ");
  return alterTarget(alteration, `SET (publish = ${literal(list)})`);
};

const tables: AttributeRule = (alteration) => {
  const [was, is] = [mapOf(alteration.was["tables"]), mapOf(alteration.object["tables"])];
  const gone = Object.keys(was).filter((table) => !sameAttribute(was[table], is[table]));
  const fresh = entriesOf(alteration.object["tables"]).filter(
    ([table, details]) => !sameAttribute(was[table], details),
  );
  // A table that is gone from the database is gone from the publication.
  const isThere = (table: string): boolean => alteration.from.snapshot.objects[`table ${table}`] !== undefined;
  return [
    ...alterTarget(alteration, ...gone.filter(isThere).map((table) => `DROP TABLE ONLY ${referenced(table)}`)),
    ...alterTarget(alteration, ...fresh.map((entry) => `ADD ${publishedTable(entry)}`)).map((emission) => ({
      ...emission,
      phase: "attach" as const,
    })),
  ];
};

const schemas: AttributeRule = (alteration) => {
  const [was, is] = [textsOf(alteration.was["schemas"]), textsOf(alteration.object["schemas"])];
  const list = (word: string, names: readonly string[]): readonly string[] =>
    names.map((name) => `${word} TABLES IN SCHEMA ${identifier(name)}`);
  return alterTarget(alteration, ...list("DROP", was.filter((name) => !is.includes(name))), ...list("ADD", is.filter((name) => !was.includes(name)))); // prettier-ignore
};

export const publicationRules: AttributeRules = {
  ...commonRules(),
  publish,
  tables,
  schemas,
  viaPartitionRoot: (alteration) =>
    alterTarget(
      alteration,
      `SET (publish_via_partition_root = ${String(alteration.object["viaPartitionRoot"] ?? false)})`,
    ),
  generatedColumns: (alteration) =>
    alterTarget(
      alteration,
      `SET (publish_generated_columns = ${alteration.object["generatedColumns"] === "s" ? "stored" : "none"})`,
    ),
};

const foreignOptions: AttributeRule = (alteration) =>
  alterTarget(alteration, foreignOptionChanges(alteration.was["options"], alteration.object["options"]).trim());

export const wrapperRules: AttributeRules = {
  ...commonRules(),
  options: foreignOptions,
  handler: (alteration) => alterTarget(alteration, functionOf("HANDLER", alteration)),
  validator: (alteration) => alterTarget(alteration, functionOf("VALIDATOR", alteration)),
};

function functionOf(word: string, { object }: Alteration): string {
  const called = object[word.toLowerCase()];
  return called === undefined ? `NO ${word}` : `${word} ${String(called)}`;
}

export const serverRules: AttributeRules = {
  ...commonRules(() => "FOREIGN SERVER"),
  options: foreignOptions,
  version: (alteration) => {
    const { version } = alteration.object;
    return version === undefined ? "replace" : alterTarget(alteration, `VERSION ${literal(String(version))}`);
  },
};

export const userMappingRules: AttributeRules = {
  options: (alteration) => {
    const [role = "", server = ""] = alteration.name.path;
    const options = foreignOptionChanges(alteration.was["options"], alteration.object["options"]);
    return emit(
      "create",
      alteration,
      `ALTER USER MAPPING FOR ${roleName(role)} SERVER ${identifier(server)}${options}`,
    );
  },
};

export const textSearchConfigurationRules: AttributeRules = {
  ...commonRules(),
  mappings: (alteration) => {
    const [was, is] = [mapOf(alteration.was["mappings"]), mapOf(alteration.object["mappings"])];
    const gone = Object.keys(was).filter((token) => !sameAttribute(was[token], is[token]));
    const fresh = entriesOf(is).filter(([token, dictionaries]) => !sameAttribute(was[token], dictionaries));
    return alterTarget(alteration,
      ...gone.map((token) => `DROP MAPPING FOR ${identifier(token)}`),
      ...fresh.map(textSearchMapping)); // prettier-ignore
  },
};

export const castRules: AttributeRules = {
  comment: (alteration) =>
    emit("describe", alteration, comment(`CAST ${alteration.name.signature}`, alteration.object["comment"])),
};

export const subscriptionRules: AttributeRules = {
  ...commonRules(),
  enabled: (alteration) => alterTarget(alteration, alteration.object["enabled"] === true ? "ENABLE" : "DISABLE"),
};
