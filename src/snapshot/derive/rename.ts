import { identifier, qualified } from "../emit/sql-text.js";
import { target } from "../emit/shared.js";
import type { ObjectKind } from "../object-key.js";
import { snapshotOf, type CatalogObject } from "../snapshot.js";
import { aggregateName } from "./alter/shared.js";
import { alterRelation } from "./drop.js";
import { dependentsIn, partsIn } from "./graph.js";
import { nameOf, relationOf, slotOf, wholesOf } from "./parts.js";
import type { Side } from "./side.js";
import { statementsTo } from "./statements-to.js";

/** One object that has another name, or schema, on the other side. */
interface Moved {
  readonly key: string;
  readonly wanted: string;
}

const inParts: ReadonlySet<ObjectKind> = new Set(["column", "constraint", "trigger", "rule", "policy"]);
const cannotMove: ReadonlySet<ObjectKind> = new Set([
  "cast",
  "default privileges",
  "transform",
  "user mapping",
  "extension",
]);

function isFollowing(key: string, side: Side): boolean {
  return side.snapshot.objects[key]?.["inherited"] === true;
}

/** The objects of `from` that `to` has in the same place of the system's catalogs under another key. */
function moved(from: Side, to: Side): readonly Moved[] {
  const keyAt = new Map([...to.identities].map(([key, place]) => [place, key]));
  return Object.keys(from.snapshot.objects).flatMap((key) => {
    const place = from.identities.get(key);
    const wanted = place === undefined ? undefined : keyAt.get(place);
    if (wanted === undefined || wanted === key || cannotMove.has(nameOf(key).kind)) return [];
    if (nameOf(wanted).kind !== nameOf(key).kind || isFollowing(key, from)) return [];
    return [{ key, wanted }];
  });
}

/** The statements of one move; `schemaOf` says what a schema is called by then, `relationNow` where a part's relation is. */
class Moves {
  readonly #schemas = new Map<string, string>();

  constructor(
    readonly from: Side,
    readonly to: Side,
  ) {}

  schema({ key, wanted }: Moved): readonly string[] {
    const [was, is] = [nameOf(key).path[0] ?? "", nameOf(wanted).path[0] ?? ""];
    this.#schemas.set(was, is);
    return [`ALTER SCHEMA ${identifier(was)} RENAME TO ${identifier(is)}`];
  }

  whole({ key, wanted }: Moved): readonly string[] {
    const [was, is] = [nameOf(key), nameOf(wanted)];
    if (was.path.length === 1) return was.path[0] === is.path[0] ? [] : [`ALTER ${target(was)} RENAME TO ${identifier(is.path[0] ?? "")}`]; // prettier-ignore
    const here = this.#schemas.get(was.path[0] ?? "") ?? was.path[0] ?? "";
    const [schema = "", last = ""] = is.path;
    const follows = was.kind === "index" || wholesOf(key, this.from.snapshot).length > 0;
    const named = (path: readonly string[]): string =>
      target(aggregateName({ ...was, path: [...path, ...was.path.slice(2)] }));
    return [
      ...(here === schema || follows
        ? []
        : [`ALTER ${named([here, was.path[1] ?? ""])} SET SCHEMA ${identifier(schema)}`]),
      ...(was.path[1] === last ? [] : [`ALTER ${named([schema, was.path[1] ?? ""])} RENAME TO ${identifier(last)}`]),
    ];
  }

  /** By then its relation has its name of the other side. */
  part({ key, wanted }: Moved): readonly string[] {
    const [was, is] = [nameOf(key), nameOf(wanted)];
    const [old, fresh] = [was.path[2] ?? "", is.path[2] ?? ""];
    if (old === fresh) return [];
    const relation = qualified(is.path.slice(0, 2));
    const to = `TO ${identifier(fresh)}`;
    const isAttribute = relationOf(wanted, this.to.snapshot)?.startsWith("type ") === true;
    if (was.kind === "trigger" || was.kind === "rule" || was.kind === "policy")
      return [`ALTER ${was.kind.toUpperCase()} ${identifier(old)} ON ${relation} RENAME ${to}`];
    const word = was.kind === "constraint" ? "CONSTRAINT" : isAttribute ? "ATTRIBUTE" : "COLUMN";
    return [`${alterRelation(wanted, this.to.snapshot)} RENAME ${word} ${identifier(old)} ${to}`];
  }
}

const renames = (sql: string): boolean => sql.includes(" RENAME ");

/** Two objects that take each other's names go by one that nobody has in between. */
function untangled(
  statements: readonly string[],
  isTaken: boolean,
  number: number,
): readonly [readonly string[], readonly string[]] {
  const last = statements.at(-1);
  if (!isTaken || last === undefined || !renames(last)) return [statements, []];
  const match = /^(.*) ((?:"(?:[^"]|"")*"\.)*)("(?:[^"]|"")*")((?:\([^)]*\))?) RENAME TO ("(?:[^"]|"")*")$/s.exec(last);
  const between = identifier(`belay_between_${number}`);
  if (match !== null) {
    const [, head = "", schema = "", old = "", signature = "", fresh = ""] = match;
    return [[...statements.slice(0, -1), `${head} ${schema}${old}${signature} RENAME TO ${between}`], [`${head} ${schema}${between}${signature} RENAME TO ${fresh}`]]; // prettier-ignore
  }
  const part = /^(.*RENAME (?:COLUMN|CONSTRAINT|ATTRIBUTE) )("(?:[^"]|"")*") TO ("(?:[^"]|"")*")$/s.exec(last);
  if (part === null) return [statements, []];
  const [, head = "", old = "", fresh = ""] = part;
  return [[`${head}${old} TO ${between}`], [`${head}${between} TO ${fresh}`]];
}

/** The side without some objects, and without their parts and what stands on them. */
function without(side: Side, keys: readonly string[]): Side {
  const [parts, dependents] = [partsIn(side), dependentsIn(side.needs)];
  const gone = new Set<string>();
  const todo = [...keys];
  for (let unit = todo.pop(); unit !== undefined; unit = todo.pop()) {
    if (gone.has(unit)) continue;
    gone.add(unit);
    todo.push(...parts(unit), ...dependents(unit));
  }
  const objects: { [key: string]: CatalogObject } = {};
  for (const [key, object] of Object.entries(side.snapshot.objects)) {
    if (gone.has(key)) continue;
    objects[key] = !gone.has(`default ${key}`) ? object : Object.fromEntries(Object.entries(object).filter(([name]) => name !== "default")); // prettier-ignore
  }
  return { ...side, snapshot: snapshotOf(objects) };
}

/**
 * The statements that give every object that both sides hold its name of the other side: certain, since both readings found it in the same place of the system's
 * catalogs. What has such a name now, and is not on the other side, is dropped before.
 */
export function renamesTo(from: Side, to: Side): readonly string[] {
  const all = moved(from, to);
  const places = new Set(to.identities.values());
  const slots = new Map(Object.keys(from.snapshot.objects).map((key) => [slotOf(key, from.snapshot), key]));
  const occupantOf = ({ key, wanted }: Moved): string | undefined => {
    const slot = slotOf(wanted, to.snapshot);
    const occupant = slots.get(slot);
    return occupant === key ? undefined : occupant;
  };
  const isNew = (key: string): boolean => !places.has(from.identities.get(key) ?? "");
  const inTheWay = all.flatMap((one) => occupantOf(one) ?? []).filter(isNew);
  const clearing = inTheWay.length === 0 ? [] : statementsTo(from, without(from, inTheWay)).statements;
  const moves = new Moves(from, to);
  const named: string[] = [];
  const run = (ones: readonly Moved[], statements: (one: Moved) => readonly string[]): void => {
    const later: string[] = [];
    ones.forEach((one, number) => {
      const occupant = occupantOf(one);
      const [now, then] = untangled(statements(one), occupant !== undefined && !isNew(occupant), number);
      named.push(...now);
      later.push(...then);
    });
    named.push(...later);
  };
  const kindOf = ({ key }: Moved): ObjectKind => nameOf(key).kind;
  run(all.filter((one) => kindOf(one) === "schema"), (one) => moves.schema(one)); // prettier-ignore
  run(all.filter((one) => kindOf(one) !== "schema" && !inParts.has(kindOf(one))), (one) => moves.whole(one)); // prettier-ignore
  run(all.filter((one) => inParts.has(kindOf(one))), (one) => moves.part(one)); // prettier-ignore
  return [...clearing, ...named];
}
