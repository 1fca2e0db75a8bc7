import { snakeCase } from "../change/change-id.js";
import type { Effects, ObjectReference } from "../sql/effects.js";

/** Long enough for any PostgreSQL name with a verb and a table around it, short enough for any file system. */
const LONGEST_FILE_NAME = 100;

/** The name of a change that is one statement: what the statement makes, or else what it does to what. */
export function nameOfStatement(effects: Effects): string {
  const [made] = effects.creates;
  if (made !== undefined) return isPart(made) ? `add_${made.name}_to_${made.of ?? ""}` : made.name;
  const [dropped] = effects.drops;
  if (dropped !== undefined) {
    return isPart(dropped) ? `remove_${dropped.name}_from_${dropped.of ?? ""}` : `drop_${dropped.name}`;
  }
  const target = targetOf(effects);
  const [verb = ""] = effects.command.toLowerCase().split(" ");
  return [verb, PREPOSITIONS.get(verb), target].filter((word) => word !== undefined && word !== "").join("_");
}

const PREPOSITIONS: ReadonlyMap<string, string> = new Map([
  ["insert", "into"],
  ["merge", "into"],
  ["copy", "into"],
  ["delete", "from"],
  ["comment", "on"],
]);

/** A column and a value of an enum are named by what they are added to; all else has a name of its own. */
function isPart({ kind, of }: ObjectReference): boolean {
  return of !== undefined && (kind === "column" || kind === "enum value");
}

function targetOf({ locks, needs }: Effects): string {
  const written = locks.find(({ mode }) => mode === "ROW EXCLUSIVE") ?? locks[0];
  return written?.relation.name ?? needs[0]?.of ?? needs[0]?.name ?? "";
}

/** A name that can stand in the name of a file, whatever the object is called. */
export function fileNameOf(name: string): string {
  const snake = snakeCase(name).slice(0, LONGEST_FILE_NAME).replace(/_+$/, "");
  return snake === "" ? "change" : snake;
}
