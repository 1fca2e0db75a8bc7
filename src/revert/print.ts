import { join } from "node:path";
import { findChange } from "../change/find.js";
import { requiredBy } from "../change/order.js";
import type { Change } from "../change/change.js";
import { artifactFile } from "../artifact/artifact.js";
import { BelayError } from "../errors.js";
import { readIfThere } from "../system/files.js";
import type { Project } from "../system/project/project.js";
import type { Selection } from "./select.js";

/** The artifacts' files of the named changes and of what requires them, dependents first. Connects to nothing. */
export async function printArtifacts(project: Project, selection: Selection): Promise<string> {
  if (selection.kind !== "changes") {
    throw new BelayError(
      "usage",
      "print-needs-change",
      "--print works from the files, without a database: name the changes.",
    );
  }
  const wanted = new Set(selection.names.map((name) => findChange(project.changes, name).id));
  for (const change of project.changes) {
    if (requiredBy(change, project.changes).some((required) => wanted.has(required.id))) wanted.add(change.id);
  }
  const texts: string[] = [];
  for (const change of project.changes.filter(({ id }) => wanted.has(id)).toReversed())
    texts.push(await read(project, change));
  return texts.join("\n");
}

async function read(project: Project, change: Change): Promise<string> {
  const file = `rollbacks/${artifactFile(change)}`;
  const text = await readIfThere(join(project.root, file));
  if (text === null)
    throw new BelayError("refused", "artifact-missing", `${file} is missing.`, { hint: "Run `belay build`." });
  return text;
}
