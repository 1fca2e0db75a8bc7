import { type Emission, type Emitter, type EmitterInput, emit } from "./emission.js";
import { commentOn, ownership, target } from "./shared.js";
import { clause, identifier, qualified, roleName, textsOf } from "./sql-text.js";

const enabledWords: { readonly [state: string]: string } = {
  disabled: "DISABLE",
  replica: "ENABLE REPLICA",
  always: "ENABLE ALWAYS",
};

/** Said for inherited triggers in any state, because their parent's state reaches them when it is set. */
function enabledState(input: EmitterInput): readonly Emission[] {
  const { name, object } = input;
  const word = enabledWords[String(object["enabled"])] ?? (object["inherited"] === true ? "ENABLE" : undefined);
  if (word === undefined) return [];
  const on = `ALTER TABLE ONLY ${qualified(name.path.slice(0, 2))}`;
  return emit("describe", input, `${on} ${word} ${name.kind.toUpperCase()} ${identifier(name.path[2] ?? "")}`);
}

/** A trigger or rule: its definition is the whole statement. A partition's copy is made by attaching it. */
export const definedOnTable: Emitter = (input) => [
  ...(input.object["inherited"] === true ? [] : emit("create", input, String(input.object["definition"]))),
  ...enabledState(input),
  ...commentOn(input, target(input.name), input.object["comment"]),
];

export const policy: Emitter = (input) => {
  const { name, object } = input;
  const roles = textsOf(object["roles"]).map(roleName).join(", ");
  const sql = [
    `CREATE ${target(name)}`,
    object["restrictive"] === true ? " AS RESTRICTIVE" : "",
    typeof object["command"] === "string" ? ` FOR ${object["command"].toUpperCase()}` : "",
    roles === "" ? "" : ` TO ${roles}`,
    object["using"] === undefined ? "" : clause("USING", `(${String(object["using"])})`),
    object["check"] === undefined ? "" : clause("WITH CHECK", `(${String(object["check"])})`),
  ].join("");
  return [...emit("create", input, sql), ...commentOn(input, target(name), object["comment"])];
};

export const statistics: Emitter = (input) => {
  const { name, object } = input;
  const goal = object["target"];
  return [
    ...emit("create", input, String(object["definition"])),
    ...(goal === undefined ? [] : emit("describe", input, `ALTER ${target(name)} SET STATISTICS ${String(goal)}`)),
    ...ownership(input),
    ...commentOn(input, target(name), object["comment"]),
  ];
};
