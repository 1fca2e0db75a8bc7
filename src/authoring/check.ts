import { freshnessOfFiles } from "../artifact/freshness.js";
import type { Change } from "../change/change.js";
import { findChange } from "../change/find.js";
import { orderChanges } from "../change/order.js";
import { BelayError } from "../errors.js";
import { build } from "../postgres/build-plan.js";
import { tryLoadChanges } from "../system/project/load-changes.js";
import { readStoredArtifact, type Project } from "../system/project/project.js";

/** Something that is wrong, or worth a look, with its place. */
export interface Finding {
  readonly change: string | null;
  /** The rule that it breaks: the code of the error that a command would give. */
  readonly rule: string;
  readonly severity: "error" | "warning" | "info";
  readonly file: string | null;
  readonly line: number | null;
  readonly message: string;
  readonly fix?: string;
}

/** Checks that pairs are complete, statements can be read, and artifacts are there, unedited and up to date. Touches nothing. */
export async function check(
  project: Pick<Project, "root" | "config" | "configFile">,
  names: readonly string[],
): Promise<readonly Finding[]> {
  const { changes, errors } = await tryLoadChanges(project.root);
  const findings = errors.map((error) => findingOf(null, error));
  findings.push(...orderFindings(changes));
  const wanted = new Set(names.map((name) => findChange(changes, name).id));
  for (const change of changes.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    if (wanted.size > 0 && !wanted.has(change.id)) continue;
    findings.push(...(await changeFindings({ ...project, changes }, change)));
  }
  return findings;
}

async function changeFindings(project: Project, change: Change): Promise<readonly Finding[]> {
  try {
    const { artifact } = await build(project, change);
    const freshness = freshnessOfFiles(artifact, await readStoredArtifact(project, artifact.manifest));
    const notes = informationOn(change);
    if (freshness.state === "warm") return notes;
    const file = `rollbacks/${artifact.manifest.file}`;
    const { code: rule, reason: message, hint: fix } = freshness;
    return [...notes, { change: change.id, rule, severity: "error", file, line: null, message, fix }];
  } catch (thrown) {
    if (!(thrown instanceof BelayError)) throw thrown;
    return [findingOf(change, thrown)];
  }
}

function informationOn(change: Change): readonly Finding[] {
  const { irreversible, blocked } = change.directives;
  const place = { change: change.id, file: change.files[0] ?? null, line: null };
  return [
    ...(irreversible === null
      ? []
      : [{ ...place, rule: "irreversible", severity: "warning" as const, message: `no way back: ${irreversible}` }]),
    ...(blocked === null
      ? []
      : [{ ...place, rule: "proposal-blocked", severity: "warning" as const, message: `may not run: ${blocked}` }]),
  ];
}

function orderFindings(changes: readonly Change[]): readonly Finding[] {
  try {
    orderChanges(changes);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof BelayError)) throw thrown;
    return [findingOf(null, thrown)];
  }
}

/** Messages begin with `file:line:column:` where the place is known, or with the file alone. */
const place = /^(?<file>[^\s:]+\.(?:sql|ts|mts|js|mjs|json))(?::(?<line>\d+))?(?=[:\s])/;

function findingOf(change: Change | null, error: BelayError): Finding {
  const found = place.exec(error.message)?.groups;
  const file = found?.["file"] ?? change?.files[0] ?? null;
  const line = found?.["line"] === undefined ? null : Number(found["line"]);
  const finding = {
    change: change?.id ?? null,
    rule: error.code,
    severity: "error",
    file,
    line,
    message: error.message,
  } as const;
  return error.hint === undefined ? finding : { ...finding, fix: error.hint };
}
