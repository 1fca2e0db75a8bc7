import type { Change, KnexChange } from "../change/change.js";
import { orderChanges, requiredBy } from "../change/order.js";
import { artifactFile, sealArtifact, type Artifact } from "../artifact/artifact.js";
import type { Recording } from "../artifact/recording.js";
import { BelayError } from "../errors.js";
import { compile } from "../plan/compile.js";
import { rewriteOnline, type Rewritten } from "../plan/online/rewrite-online.js";
import { keptWritings } from "../plan/kept-writings.js";
import { splitForParts } from "../plan/online/split-for-parts.js";
import { withRoles } from "../plan/roles.js";
import type { Plan } from "../plan/step.js";
import { demandsOf, type Demand } from "../preflight/demand.js";
import { parseStatements } from "../sql/parse.js";
import { rowWritingOf } from "../sql/row-writing.js";
import type { Statement } from "../sql/statement.js";
import { readStoredArtifact, type Project } from "../system/project/project.js";
import { basisOf, downOf, lossOfRecording } from "./knex/down.js";
import { recordKnex } from "./knex/record.js";

/** A change with all that is derived from it alone. */
export interface Built {
  readonly change: Change;
  readonly plan: Plan;
  readonly artifact: Artifact;
  /** What each statement of both halves asks of a database; none for commands. */
  readonly demands: readonly Demand[];
  /** Statements that keep somebody waiting, because `-- belay:as-written` says so. */
  readonly asWritten: readonly AsWritten[];
}

export interface AsWritten {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly sql: string;
  /** What it costs to run it so, and what would run without the directive. */
  readonly why: string;
}

/** What a build needs of a project: the changes, among which `requires` are found, the policy, and the folder whose `rollbacks/` holds what was recorded. */
export interface BuildSource extends Pick<Project, "changes" | "config"> {
  readonly root?: string;
  /** What was recorded just now of ways back that decide by what they read, by change. */
  readonly recordings?: ReadonlyMap<string, Recording>;
}

/** Builds every change of a project, in order. */
export async function buildAll(source: BuildSource): Promise<readonly Built[]> {
  const builds = buildsOf(source);
  return builds.all(builds.changes);
}

/** The changes of a project, in order, each built when it is first asked for: of those that are applied everywhere nobody asks. */
export interface Builds {
  readonly changes: readonly Change[];
  /** Null for an id that is no change of the project. */
  change(id: string): Change | null;
  /** @throws BelayError where a half cannot be read or compiled. */
  of(change: Change): Promise<Built>;
  /** The same, of several, in their order. */
  all(changes: readonly Change[]): Promise<readonly Built[]>;
}

export function buildsOf(source: BuildSource): Builds {
  const changes = orderChanges(source.changes);
  const byId = new Map(changes.map((change) => [change.id, change]));
  const done = new Map<string, Built>();
  const of = async (change: Change): Promise<Built> => {
    const known = done.get(change.id);
    if (known !== undefined) return known;
    const built = await build(source, change);
    done.set(change.id, built);
    return built;
  };
  return {
    changes,
    change: (id) => byId.get(id) ?? null,
    of,
    all: async (wanted) => {
      const built: Built[] = [];
      for (const change of wanted) built.push(await of(change));
      return built;
    },
  };
}

/**
 * Compiles a change and seals its way back.
 * @throws BelayError where a half cannot be read or compiled.
 */
export async function build(source: BuildSource, change: Change): Promise<Built> {
  const { searchPath } = source.config.policy;
  const { plan, demands, asWritten, dynamic } = await compiledFrom(source, change, searchPath);
  const requires = requiredBy(change, source.changes).map((required) => required.id);
  return {
    change,
    plan,
    artifact: sealArtifact(change, plan, { requires, searchPath, dynamic }),
    demands,
    asWritten,
  };
}

type Compiled = Pick<Built, "plan" | "demands" | "asWritten">;

async function compiledFrom(
  source: BuildSource,
  change: Change,
  searchPath: string,
): Promise<Compiled & { readonly dynamic: Recording | null }> {
  switch (change.form) {
    case "command":
      return {
        plan: { form: "command", forward: change.up, backward: change.down, loss: [] },
        demands: [],
        asWritten: [],
        dynamic: null,
      };
    case "sql":
      return { ...(await compileHalves(change, searchPath, change.up, change.down)), dynamic: null };
    case "knex": {
      const basis = basisOf(source.changes, change, searchPath);
      const { sql, dynamic } = await downOf(change, basis, () => recordingOf(source, change));
      const compiled = await compileHalves(change, searchPath, await recordedUp(change), sql);
      const loss = [...compiled.plan.loss, ...lossOfRecording(dynamic)];
      return { ...compiled, plan: { ...compiled.plan, loss }, dynamic };
    }
  }
}

/** What was recorded of a way back: just now, or when its artifact was sealed. Null where nothing was, or of another version of the change. */
async function recordingOf(source: BuildSource, change: KnexChange): Promise<Recording | null> {
  const fresh = source.recordings?.get(change.id);
  if (fresh !== undefined) return fresh;
  if (source.root === undefined) return null;
  try {
    const { manifest } = await readStoredArtifact(
      { root: source.root },
      { change: change.id, file: artifactFile(change) },
    );
    return manifest?.digest === change.digest ? (manifest.dynamic ?? null) : null;
  } catch (thrown) {
    if (thrown instanceof BelayError && thrown.code === "manifest-invalid") return null;
    throw thrown;
  }
}

async function compileHalves(
  change: Exclude<Change, { form: "command" }>,
  searchPath: string,
  upText: string,
  downText: string,
): Promise<Compiled> {
  const [upFile = change.id, downFile = upFile] = change.files;
  const { transaction, keep } = change.directives;
  const home = searchPath.split(",")[0] ?? "public";
  const context = { home, transaction };
  const written = {
    up: withRoles(await parseStatements(upText, upFile), upFile, transaction),
    down: withRoles(await parseStatements(downText, downFile), downFile, transaction),
  };
  // A knex migration runs live, as a whole: only its way back is compiled.
  const forward: Rewritten = change.form === "sql" ? await rewriteOnline(written.up, { ...context, half: "up" }) : { statements: written.up, asWritten: [] }; // prettier-ignore
  const cut = await splitForParts(written.down, forward.statements, context);
  const backward = await rewriteOnline(cut, { ...context, half: "down" });
  const [up, down] = [forward.statements, backward.statements];
  if (up.length === 0 && change.form === "sql") throw empty(upFile, "It does nothing: no statement is in it.");
  const isEmpty = down.length === 0 && change.directives.irreversible === null && change.form === "sql";
  if (isEmpty && !goesBackAlone(up, keep)) {
    throw empty(downFile, "It has no statement, so nothing would be taken back.");
  }
  const source = {
    id: change.id,
    digest: change.digest,
    files: { up: upFile, down: downFile },
    home,
    form: change.form,
    up,
    down,
    transaction,
    keep,
  };
  const plan = compile(source);
  const placed = change.form === "sql";
  const demands = [
    ...demandsOf(up, { file: upFile, direction: "up", placed, kept: keptWritings(source, "up") }),
    ...demandsOf(down, { file: downFile, direction: "down", placed, kept: keptWritings(source, "down") }),
  ];
  const asWritten = [asWrittenIn(forward, upFile), asWrittenIn(backward, downFile)].flat();
  return { plan, demands, asWritten };
}

/** Whether a way forward does nothing but write rows of which it is kept what they were: they go back without a statement. */
export function goesBackAlone(up: readonly Statement[], keep: "on" | "off"): boolean {
  return keep === "on" && up.every((statement) => rowWritingOf(statement) !== null);
}

function asWrittenIn({ asWritten }: Rewritten, file: string): readonly AsWritten[] {
  return asWritten.map(({ statement: { line, text }, why }) => ({ file, line, sql: text, why }));
}

/** For showing only: the way forward runs live, so one that reads and decides is fine. */
async function recordedUp(change: KnexChange): Promise<string> {
  try {
    return (await recordKnex(change.up, change.files[0] ?? change.id)).sql;
  } catch (thrown) {
    if (thrown instanceof BelayError && thrown.code === "knex-not-recorded") return "";
    throw thrown;
  }
}

function empty(file: string, message: string): BelayError {
  return new BelayError("usage", "change-half-empty", `${file}: ${message}`, {
    hint: "Write the statement. Where there is no way back, say `-- belay:irreversible <reason>` in the up file.",
  });
}
