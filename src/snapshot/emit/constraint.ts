import { type Emission, type Emitter, type EmitterInput, emit } from "./emission.js";
import { commentOn, target } from "./shared.js";
import { entriesOf, identifier, optionList, qualified, referenced } from "./sql-text.js";

/** What ALTER TABLE remembers of an index, whether or not a constraint stands on it. */
function indexMarks(input: EmitterInput, table: string, index: string): readonly Emission[] {
  const { object } = input;
  const marks = [
    object["clustered"] === true ? `CLUSTER ON ${index}` : "",
    object["replicaIdentity"] === true ? `REPLICA IDENTITY USING INDEX ${index}` : "",
  ].filter((mark) => mark !== "");
  return emit("describe", input, ...marks.map((mark) => `ALTER TABLE ONLY ${table} ${mark}`));
}

function indexSettings(input: EmitterInput, indexPath: readonly string[]): readonly Emission[] {
  const { object } = input;
  const options = optionList(object["options"]);
  const place = object["tablespace"];
  const settings = [
    options === "" ? "" : `SET (${options})`,
    typeof place === "string" ? `SET TABLESPACE ${identifier(place)}` : "",
    ...entriesOf(object["statistics"]).map(([column, goal]) => `ALTER COLUMN ${column} SET STATISTICS ${String(goal)}`),
  ].filter((setting) => setting !== "");
  return emit("create", input, ...settings.map((setting) => `ALTER INDEX ${qualified(indexPath)} ${setting}`));
}

export const constraint: Emitter = (input) => {
  const { name, object } = input;
  const relation = name.path.slice(0, 2);
  const constraintName = identifier(name.path[2] ?? "");
  const isOfDomain = object["ofDomain"] === true;
  const definition = `${String(object["definition"])}${object["notValid"] === true ? " NOT VALID" : ""}`;
  const index = [name.path[0] ?? "", name.path[2] ?? ""];
  return [
    ...emit(
      "create",
      input,
      `ALTER ${isOfDomain ? "DOMAIN" : "TABLE"} ${qualified(relation)} ADD CONSTRAINT ${constraintName} ${definition}`,
    ),
    ...indexSettings(input, index),
    ...indexMarks(input, qualified(relation), constraintName),
    ...commentOn(input, target(name, isOfDomain), object["comment"]),
    ...commentOn(input, `INDEX ${qualified(index)}`, object["indexComment"]),
  ];
};

export const index: Emitter = (input) => {
  const { name, object } = input;
  return [
    ...emit("create", input, String(object["definition"])),
    ...indexSettings(input, name.path),
    ...indexMarks(input, referenced(object["table"]), identifier(name.path[1] ?? "")),
    ...commentOn(input, target(name), object["comment"]),
  ];
};
