import { parseKeyPath } from "../object-key.js";
import { sequenceOptions } from "./column.js";
import { type Emitter, emit } from "./emission.js";
import { commentOn, common, grants, target } from "./shared.js";
import { entriesOf, identifier, literal, qualified, roleName } from "./sql-text.js";

export const schema: Emitter = (input) => [
  ...emit("create", input, `CREATE SCHEMA ${qualified(input.name.path)}`),
  ...common(input),
];

/** `version` is named only where the snapshot holds one; without it the server takes its newest. */
export const extension: Emitter = (input) => {
  const { name, object } = input;
  const version = typeof object["version"] === "string" ? ` VERSION ${literal(object["version"])}` : "";
  const place = `WITH SCHEMA ${identifier(String(object["schema"]))}${version}`;
  return [
    ...emit("create", input, `CREATE EXTENSION IF NOT EXISTS ${qualified(name.path)} ${place}`),
    ...commentOn(input, target(name), object["comment"]),
  ];
};

export const sequence: Emitter = (input) => {
  const { name, object } = input;
  const { ownedBy } = object;
  const unlogged = object["unlogged"] === true ? "UNLOGGED " : "";
  const type = typeof object["type"] === "string" ? ` AS ${object["type"]}` : "";
  const owner = typeof ownedBy === "string" ? qualified(parseKeyPath(ownedBy).path) : undefined;
  return [
    ...emit("create", input, `CREATE ${unlogged}SEQUENCE ${qualified(name.path)}${type}${sequenceOptions(object)}`),
    ...common(input),
    // Once table and sequence have their owner: the two must be the same.
    ...(owner === undefined ? [] : emit("grant", input, `ALTER ${target(name)} OWNED BY ${owner}`)),
  ];
};

/** Runs last, so that it changes none of the objects made before. */
export const defaultPrivileges: Emitter = (input) => {
  const { path } = input.name;
  const [role = "", objects = ""] = [path[0], path.at(-1)];
  const inSchema = path.length === 3 ? ` IN SCHEMA ${identifier(path[1] ?? "")}` : "";
  const head = `ALTER DEFAULT PRIVILEGES FOR ROLE ${roleName(role)}${inSchema}`;
  const statements = entriesOf(input.object["privileges"]).flatMap(([grantee, held]) =>
    entriesOf(held).map(([privilege, kind]) =>
      kind === "revoked"
        ? `${head} REVOKE ${privilege} ON ${objects.toUpperCase()} FROM ${roleName(grantee)}`
        : `${head} GRANT ${privilege} ON ${objects.toUpperCase()} TO ${roleName(grantee)}${kind === "grantable" ? " WITH GRANT OPTION" : ""}`,
    ),
  );
  return emit("last", input, ...statements);
};

/** Functions and procedures: their definition is the whole statement. */
export const routine: Emitter = (input) => [
  ...emit("create", input, String(input.object["definition"])),
  ...common(input),
];

const aggregateWords = new Set([
  "sfunc",
  "stype",
  "sspace",
  "finalfunc",
  "combinefunc",
  "serialfunc",
  "deserialfunc",
  "msfunc",
  "minvfunc",
  "mstype",
  "msspace",
  "mfinalfunc",
  "sortop",
]);
const aggregateModes: { readonly [mode: string]: string } = { r: "read_only", s: "shareable", w: "read_write" };
const aggregateParallel: { readonly [mode: string]: string } = { s: "safe", r: "restricted", u: "unsafe" };

function aggregateOption(name: string, value: string): string {
  if (aggregateWords.has(name)) return `${name} = ${value}`;
  if (name === "initcond" || name === "minitcond") return `${name} = ${literal(value)}`;
  if (name.endsWith("_extra")) return name;
  if (name.endsWith("_modify")) return `${name} = ${aggregateModes[value] ?? value}`;
  if (name === "parallel") return `parallel = ${aggregateParallel[value] ?? value}`;
  return name === "kind" && value === "h" ? "hypothetical" : "";
}

export const aggregate: Emitter = (input) => {
  const parts = entriesOf(input.object["aggregate"]);
  const callArguments = String(parts.find(([name]) => name === "arguments")?.[1] ?? "");
  const options = parts.map(([name, value]) => aggregateOption(name, String(value))).filter((option) => option !== "");
  const sql = `CREATE AGGREGATE ${qualified(input.name.path)}(${callArguments || "*"}) (${options.join(", ")})`;
  const signature = input.name.signature === "()" ? "(*)" : input.name.signature;
  const named = { ...input, name: { ...input.name, signature } };
  return [
    ...emit("create", input, sql),
    ...common(named).filter((emission) => emission.phase !== "grant"),
    ...grants(input, `FUNCTION ${qualified(input.name.path)}${input.name.signature}`, input.object["privileges"]),
  ];
};
