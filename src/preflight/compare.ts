import type { Demand } from "./demand.js";
import type { RelationFacts, ServerFacts, TargetFacts } from "./facts.js";
import { few, note, refuse, warn, type Finding } from "./finding.js";
import { missingFor, placeOf } from "./judge-objects.js";

/** A target with what is pending there, for the comparison. */
export interface Compared {
  readonly facts: TargetFacts;
  readonly pending: readonly Demand[];
  /** The quoted names of relations which changes touch that are applied on one of the two targets and not on the other: they may differ. */
  readonly moved: ReadonlySet<string>;
}

/**
 * How a later target differs from the first one, on which the changes run before: each difference is something that the first stage does not prove.
 * What the first has and this one lacks, and a pending statement names, is refused; so is a named column of another type. The rest is shown.
 */
export function compareTargets(first: Compared, later: Compared): readonly Finding[] {
  const { target } = later.facts;
  const name = first.facts.target;
  return [
    ...compareMissing(first, later),
    ...compareServers(first.facts.server, later.facts.server).map(({ severe, what, here, there }) =>
      (severe ? warn : note)("targets-differ", target, `${what} is ${here}, and ${there} on ${name}.`),
    ),
    ...compareRelations(first, later),
  ];
}

interface ServerDifference {
  readonly severe: boolean;
  readonly what: string;
  readonly here: string;
  readonly there: string;
}

function compareServers(first: ServerFacts, later: ServerFacts): readonly ServerDifference[] {
  const differs = (severe: boolean, what: string, of: (server: ServerFacts) => string): readonly ServerDifference[] =>
    of(first) === of(later) ? [] : [{ severe, what, here: of(later), there: of(first) }];
  return [
    ...differs(true, "PostgreSQL's version", ({ major, version }) =>
      first.major === later.major ? String(major) : version,
    ),
    ...differs(false, "the role", ({ role }) => role),
    ...differs(true, "the role's standing", ({ superuser }) => (superuser ? "superuser" : "no superuser")),
    ...differs(true, "the encoding", ({ encoding }) => encoding),
    ...differs(true, "the collation", ({ collation }) => collation),
    ...differs(false, "the role's own TimeZone", ({ timeZone }) => timeZone),
    ...differs(false, "the role's own search_path", ({ ownSearchPath }) => ownSearchPath),
    ...differs(true, "the list of schemas that the role sees of policy.searchPath", ({ schemas }) =>
      listText(schemas.toSorted()),
    ),
    ...differs(true, "the list of default privileges", ({ defaultPrivileges }) => listText(defaultPrivileges)),
    ...compareExtensions(first, later),
  ];
}

function listText(list: readonly string[]): string {
  return list.length === 0 ? "empty" : few(list);
}

function compareExtensions(first: ServerFacts, later: ServerFacts): readonly ServerDifference[] {
  const versions = (server: ServerFacts): ReadonlyMap<string, string> =>
    new Map(server.extensions.map((one) => [one.name, one.version]));
  const [there, here] = [versions(first), versions(later)];
  const names = [...new Set([...there.keys(), ...here.keys()])].toSorted();
  return names
    .filter((name) => there.get(name) !== here.get(name))
    .map((name) => ({
      severe: true,
      what: `the extension ${name}`,
      here: here.get(name) ?? "not installed",
      there: there.get(name) ?? "not installed",
    }));
}

function compareMissing(first: Compared, later: Compared): readonly Finding[] {
  return missingFor(later.facts, later.pending).flatMap(({ reference, demand }) => {
    const { kind, schema, name, of } = reference;
    const isThere =
      missingFor(first.facts, [{ ...demand, dynamic: false, makes: [], needs: [reference] }]).length === 0;
    if (!isThere) return [];
    const source = first.facts.objects.find(
      (object) => object.kind === kind && object.schema === schema && object.name === name,
    );
    const extension = source?.extension ?? null;
    const what = `${kind} ${of === undefined ? name : `${of}.${name}`}${extension === null ? "" : ` of the extension ${extension}`}`;
    const message = `there is no ${what}, which ${placeOf(demand)} names; ${first.facts.target} has it.`;
    const hint =
      extension === null
        ? "Make it there by a change of its own that comes before."
        : `CREATE EXTENSION ${extension}; in a change that comes before, or by hand.`;
    return [refuse("targets-differ", later.facts.target, message, hint)];
  });
}

function compareRelations(first: Compared, later: Compared): readonly Finding[] {
  const there = new Map(first.facts.relations.map((relation) => [relation.name, relation]));
  const named = new Set(
    later.pending.flatMap(({ needs }) =>
      needs.filter(({ kind }) => kind === "column").map(({ of, name }) => `${of ?? ""} ${name}`),
    ),
  );
  return later.facts.relations.flatMap((here) => {
    const other = there.get(here.name);
    if (other === undefined || here.kind === "i" || here.kind === "I") return [];
    const shape = later.moved.has(here.name) ? [] : compareColumns(first, later, other, here, named);
    return [...shape, ...compareGuards(first, later, other, here)];
  });
}

function compareColumns(
  first: Compared,
  later: Compared,
  there: RelationFacts,
  here: RelationFacts,
  named: ReadonlySet<string>,
): readonly Finding[] {
  const describe = ({ type, notNull }: RelationFacts["columns"][number]): string =>
    `${type}${notNull ? " NOT NULL" : ""}`;
  const texts = (relation: RelationFacts): ReadonlyMap<string, string> =>
    new Map(relation.columns.map((column) => [column.name, describe(column)]));
  const [before, now] = [texts(there), texts(here)];
  const all = [...new Set([...before.keys(), ...now.keys()])];
  return all
    .filter((column) => before.get(column) !== now.get(column))
    .map((column) => {
      const message = `${here.name}.${column} is ${now.get(column) ?? "missing"}, and ${before.get(column) ?? "missing"} on ${first.facts.target}.`;
      const table = here.name.split(".").at(-1) ?? here.name;
      const isNamed = before.has(column) && now.has(column) && named.has(`${table} ${column}`);
      const hint = "A pending statement names it: make the two alike first.";
      return isNamed
        ? refuse("targets-differ", later.facts.target, message, hint)
        : warn("targets-differ", later.facts.target, message);
    });
}

/** What decides who may do what: row security and grants. */
function compareGuards(
  first: Compared,
  later: Compared,
  there: RelationFacts,
  here: RelationFacts,
): readonly Finding[] {
  const security = ({ rowSecurity, forcedRowSecurity }: RelationFacts): string =>
    forcedRowSecurity ? "forced" : rowSecurity ? "on" : "off";
  const pairs = [
    ["row-level security", security(here), security(there)],
    ["the list of grants", here.grants ?? "the default", there.grants ?? "the default"],
  ] as const;
  return pairs
    .filter(([, now, before]) => now !== before && !isSameGrant(now, before, first.facts, later.facts))
    .map(([what, now, before]) =>
      warn(
        "targets-differ",
        later.facts.target,
        `${what} of ${here.name} is ${now}, and ${before} on ${first.facts.target}.`,
      ),
    );
}

/** Grants differ in nothing but the names of the two roles that Belay itself uses. */
function isSameGrant(now: string, before: string, first: TargetFacts, later: TargetFacts): boolean {
  return now.replaceAll(later.server.role, "·") === before.replaceAll(first.server.role, "·");
}
