import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "pg";
import { buildArtifacts } from "../../../src/authoring/build-artifacts.js";
import { openTarget } from "../../../src/postgres/session/open-target.js";
import { rollout } from "../../../src/rollout/rollout.js";
import { loadProject, type Project } from "../../../src/system/project/project.js";
import { adopt } from "../../world/adopt.js";
import { startServer, type CrashServer } from "../../world/server.js";
import { standingOf, type Ladder } from "../../world/whole.js";
import { hold, schema, shapes, type Shape } from "./shapes.js";

/** Which way a change goes when it is struck. */
export type Direction = "up" | "down";

/** A server, and for each shape a project and databases before and after its change. */
export interface Site {
  readonly server: CrashServer;
  readonly shape: (shape: Shape) => ShapeSite;
  /** A new database in which the change is still to go up, or down. */
  database(shape: Shape, direction: Direction): Promise<SiteDatabase>;
  remove(): Promise<void>;
}

export interface ShapeSite {
  /** Its folder; the url of its target is the environment's. */
  readonly root: string;
  readonly ladder: Ladder;
  /** The project with another url for its target. */
  readonly at: (url: string) => Project;
}

export interface SiteDatabase {
  readonly name: string;
  readonly url: string;
  drop(): Promise<void>;
}

/** The variable of the environment that holds the target's url. */
export const urlVariable = "BELAY_FAULTS_URL";

const config = {
  targets: { main: { url: `\${${urlVariable}}` } },
  stages: [{ name: "main", targets: ["main"] }],
  policy: { lock: { budget: "200ms", patience: "20s" }, rehearsal: { required: false } },
};

export async function makeSite(wanted: readonly Shape[]): Promise<Site> {
  const server = await startServer();
  const folder = await mkdtemp(join(tmpdir(), "belay-faults-"));
  const remove = async (): Promise<void> => {
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  };
  const made = new Map<Shape, ShapeSite>();
  let count = 0;
  try {
    await makeTemplate(server);
    for (const shape of wanted) made.set(shape, await makeShape(server, folder, shape));
  } catch (thrown) {
    await remove();
    throw thrown;
  }
  const shapeOf = (shape: Shape): ShapeSite => {
    const found = made.get(shape);
    if (found === undefined) throw new Error(`the site has no ${shape}`);
    return found;
  };
  return {
    server,
    shape: shapeOf,
    database: async (shape, direction) => {
      count += 1;
      const made = await copy(server, direction === "up" ? "site" : afterOf(shape), `cell_${count}`);
      if (direction === "down") await adopt("main", made.url);
      return made;
    },
    remove,
  };
}

async function makeTemplate(server: CrashServer): Promise<void> {
  await onServer(server, (client) => client.query("CREATE DATABASE site"));
  const client = await server.connect("site");
  await client.query(schema);
  const settings = { searchPath: "public", actor: "test", rollout: null, operatorPatienceMs: 1_000 };
  await (await openTarget({ ...settings, name: "site", url: server.url("site"), note: () => undefined })).close();
  await client.query(hold);
  await client.end();
}

async function makeShape(server: CrashServer, folder: string, shape: Shape): Promise<ShapeSite> {
  const root = join(folder, wordOf(shape));
  const id = `20260101000100_${wordOf(shape)}`;
  await mkdir(join(root, "migrations"), { recursive: true });
  await writeFile(join(root, "belay.config.json"), JSON.stringify(config));
  for (const half of ["up", "down"] as const)
    await writeFile(join(root, "migrations", `${id}.${half}.sql`), shapes[shape][half]);
  process.env[urlVariable] = server.url("site");
  const project = await loadProject({ directory: root });
  await buildArtifacts(project, [], false);
  const at = (url: string): Project => {
    const targets = project.config.targets.map((target) => ({ ...target, url }));
    return { ...project, config: { ...project.config, targets } };
  };
  const before = await standingOf({ url: server.url("site") });
  const done = await copy(server, "site", afterOf(shape));
  await rollout(at(done.url), { yes: true });
  const after = await standingOf(done);
  const ladder = {
    ids: after.applied,
    fingerprints: [before.fingerprint, after.fingerprint],
    rows: [before.rows, after.rows],
    entries: { staging: after.entries.length, production: 0 },
  };
  return { root, at, ladder };
}

function wordOf(shape: Shape): string {
  return shape.replaceAll(" ", "_");
}

function afterOf(shape: Shape): string {
  return `after_${wordOf(shape)}`;
}

async function copy(server: CrashServer, template: string, name: string): Promise<SiteDatabase> {
  await onServer(server, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  return {
    name,
    url: server.url(name),
    drop: () => onServer(server, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  };
}

async function onServer(server: CrashServer, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = await server.connect("postgres");
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
