import { BelayError } from "../errors.js";

/** `20260101014704_add_ai_model`: a 14-digit UTC version, `_`, a snake_case name. */
export interface ChangeId {
  readonly id: string;
  readonly version: string;
  readonly name: string;
}

const ID = /^(\d{14})_([a-z0-9]+(?:_[a-z0-9]+)*)$/;

/** The parts of an id, or null where the text is none. */
export function parseChangeId(text: string): ChangeId | null {
  const match = ID.exec(text);
  if (match === null) return null;
  const [, version = "", name = ""] = match;
  return isRealTime(version) ? { id: text, version, name } : null;
}

/** @throws BelayError `change-id-invalid` naming the file. */
export function requireChangeId(text: string, file: string): ChangeId {
  const parsed = parseChangeId(text);
  if (parsed === null) {
    throw new BelayError("usage", "change-id-invalid", `${file}: "${text}" is not an id of a change`, {
      hint: "Name it <14-digit UTC version>_<snake_case_name>, for example 20260101014704_add_ai_model.",
    });
  }
  return parsed;
}

/** The 14-digit version of a time: its UTC seconds. */
export function versionOf(time: Date): string {
  return time.toISOString().replaceAll(/[-:T]/g, "").slice(0, 14);
}

/** `AddAiModelToExecutionTasks` → `add_ai_model_to_execution_tasks`. */
export function snakeCase(title: string): string {
  return title
    .normalize("NFKD")
    .replaceAll(/[^\p{ASCII}]/gu, "")
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
}

/** `add_ai_model` → `AddAiModel`. */
export function camelCase(name: string): string {
  return name.replaceAll(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function isRealTime(version: string): boolean {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(version) ?? [];
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return !Number.isNaN(time.getTime()) && versionOf(time) === version;
}
