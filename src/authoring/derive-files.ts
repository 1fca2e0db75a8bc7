import { join } from "node:path";
import type { SqlChange } from "../change/change.js";
import { writeTogether } from "../system/files.js";
import type { Project } from "../system/project/project.js";

const irreversibleLine = /^\s*--\s?belay:irreversible\b.*(?:\r?\n|$)/gm;

/** The up file's text without the directive that says there is no way back. */
export function withoutIrreversible(up: string): string {
  return up.replaceAll(irreversibleLine, "");
}

/** Writes the way back, and the way forward where its head has changed. */
export async function writePair(project: Project, was: SqlChange, pair: SqlChange): Promise<void> {
  const [up = "", down = ""] = pair.files.map((file) => join(project.root, file));
  await writeTogether([[down, pair.down], ...(was.up === pair.up ? [] : [[up, pair.up] as const])]);
}
