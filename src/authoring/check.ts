import { freshnessOfFiles } from "../artifact/freshness.js";
import { isWhole } from "../artifact/recording.js";
import type { Change } from "../change/change.js";
import { findChange } from "../change/find.js";
import { orderChanges } from "../change/order.js";
import { BelayError } from "../errors.js";
import { build, type Built } from "../postgres/build-plan.js";
import { parseOnServer } from "../postgres/preflight/server-parse.js";
import { withConnections } from "../postgres/session/connections.js";
import { withSession } from "../postgres/session/session.js";
import { selectTargets } from "../system/config/select-targets.js";
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

/**
 * Checks that pairs are complete, statements can be read, and artifacts are there, unedited and up to date; with a target, that its server's own parser
 * knows every statement. Touches nothing, and needs no server without a target.
 */
export async function check(
  project: Pick<Project, "root" | "config" | "configFile">,
  names: readonly string[],
  target: string | null = null,
): Promise<readonly Finding[]> {
  const { changes, errors } = await tryLoadChanges(project.root);
  const findings = errors.map((error) => findingOf(null, error));
  findings.push(...orderFindings(changes));
  const wanted = new Set(names.map((name) => findChange(changes, name).id));
  const built: Built[] = [];
  for (const change of changes.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    if (wanted.size > 0 && !wanted.has(change.id)) continue;
    findings.push(...(await changeFindings({ ...project, changes }, change, built)));
  }
  if (target !== null) findings.push(...(await serverFindings({ ...project, changes }, built, target)));
  return findings;
}

/** What the server of a target does not know: its grammar may be older than the parser's. */
async function serverFindings(project: Project, built: readonly Built[], name: string): Promise<readonly Finding[]> {
  const quietly = (): void => undefined;
  return withConnections(project, quietly, async (connections) => {
    const found: Finding[] = [];
    for (const target of selectTargets(project.config, name)) {
      const url = await connections.urlOf(target);
      await withSession(url, { applicationName: "belay-read/check" }, async (session) => {
        for (const { demand, place, message } of await parseOnServer(
          session,
          built.flatMap(({ demands }) => demands),
        )) {
          const change = built.find(({ demands }) => demands.includes(demand))?.change.id ?? null;
          const said = `${place}: the server of ${target.name} does not know this statement: ${message}`;
          const line = demand.place === null ? null : Number(/:(\d+):\d+$/.exec(place)?.[1]);
          found.push({ change, rule: "statement-unknown", severity: "error", file: demand.file, line, message: said });
        }
      });
    }
    return found;
  });
}

/** The findings of a change; where it can be built, it joins `built`. */
async function changeFindings(project: Project, change: Change, built: Built[]): Promise<readonly Finding[]> {
  try {
    const one = await build(project, change);
    const { artifact } = one;
    built.push(one);
    const freshness = freshnessOfFiles(artifact, await readStoredArtifact(project, artifact.manifest));
    const notes = [...informationOn(change), ...asWrittenFindings(one), ...recordedFindings(one)];
    if (freshness.state === "warm") return notes;
    const file = `rollbacks/${artifact.manifest.file}`;
    const { code: rule, reason: message, hint: fix } = freshness;
    return [...notes, { change: change.id, rule, severity: "error", file, line: null, message, fix }];
  } catch (thrown) {
    if (!(thrown instanceof BelayError)) throw thrown;
    return [findingOf(change, thrown)];
  }
}

/** What keeps somebody waiting, because its author wants it so; of everything else the rewriting takes care. */
function asWrittenFindings({ change, asWritten }: Built): readonly Finding[] {
  return asWritten.map(({ file, line, why }) => {
    const message = `belay:as-written: it runs as it stands there. ${why}`;
    return { change: change.id, rule: "as-written", severity: "info", file, line, message };
  });
}

/** A way back that was found by running it is as good as the runs. */
function recordedFindings({ change, artifact: { manifest } }: Built): readonly Finding[] {
  const { dynamic } = manifest;
  if (dynamic === undefined) return [];
  const place = { change: change.id, rule: "knex-down-dynamic", severity: "warning", file: change.files[0] ?? null, line: null } as const; // prettier-ignore
  const what =
    "its down decides by what it reads, so its way back is what it sent on scratch copies with different rows";
  const fix = "Write a down that only builds statements.";
  if (isWhole(manifest)) return [{ ...place, message: `${what}; it sent the same on all of them.`, fix }];
  const left = dynamic.dependent.map((sql) => `\`${sql.replaceAll(/\s+/g, " ")}\``).join(", ");
  return [{ ...place, message: `${what}. What it does by rows that it reads is left out: ${left}.`, fix }];
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
