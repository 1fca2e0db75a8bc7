import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { ConfigInput } from "../../src/system/config/schema.js";
import { afterFile } from "./after-file.js";
import { freshDatabase, serverUrl, type FreshDatabase } from "./database.js";
import { runStanding } from "./standing-belay.js";

/** The text of each file, by its path in the project. */
type Files = Readonly<Record<string, string>>;

export interface TestProject {
  /** Its folder. */
  readonly root: string;
  /** Its databases, by the name of their target. */
  readonly databases: Readonly<Record<string, FreshDatabase>>;
  /** @throws where the project has no such target. */
  database(target: string): FreshDatabase;
  write(files: Files): Promise<void>;
  read(path: string): Promise<string>;
  remove(path: string): Promise<void>;
  /** Writes the config anew, with `change` over the default one. */
  configure(change: Partial<ConfigInput>): Promise<void>;
}

export interface ProjectOptions {
  /** Stands over the default config, key by key. */
  readonly config?: Partial<ConfigInput>;
  /** Each gets a new database and a stage of its own; `staging` and `production` by default. None: there is no config either. */
  readonly targets?: readonly string[];
  /** SQL that every database starts with. */
  readonly schema?: string;
}

export interface BelayOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** In milliseconds; then the process is killed. */
  readonly timeout?: number;
  /** The process itself is what the test is about: it runs this command and ends. */
  readonly alone?: boolean;
}

export interface BelayResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The document on stdout. */
  // A test looks into a document whose shape it is about to prove.
  // oxlint-disable-next-line typescript/no-explicit-any
  json(): any;
}

export interface RunningBelay {
  readonly pid: number;
  /** What stood on stderr so far. */
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process has ended. */
  readonly result: Promise<BelayResult>;
}

/** The output of every command is that of one without a terminal. */
const environment = { FORCE_COLOR: undefined, NO_COLOR: undefined };

const here = fileURLToPath(new URL("../..", import.meta.url));

/** A project in a folder of its own, with new databases of this run's server as its targets. All of it is gone after the test file. */
export async function project(files: Files = {}, options: ProjectOptions = {}): Promise<TestProject> {
  const root = await mkdtemp(join(tmpdir(), "belay-project-"));
  afterFile(() => rm(root, { recursive: true, force: true }));
  const databases: Record<string, FreshDatabase> = {};
  for (const target of options.targets ?? ["staging", "production"]) {
    const database = await freshDatabase(target);
    afterFile(() => database.drop());
    if (options.schema !== undefined) await database.client.query(options.schema);
    databases[target] = database;
  }
  const made: TestProject = {
    root,
    databases,
    database: (target) => {
      const found = databases[target];
      if (found === undefined) throw new Error(`the project has no target ${target}`);
      return found;
    },
    write: (more) => writeAll(root, more),
    read: (path) => readFile(join(root, path), "utf8"),
    remove: (path) => rm(join(root, path), { recursive: true }),
    configure: (change) => writeAll(root, { "belay.config.json": configText(databases, change) }),
  };
  if (Object.keys(databases).length > 0) await made.configure(options.config ?? {});
  await made.write(files);
  return made;
}

const defaultTimeoutMs = 120_000;

/**
 * Runs the built command line in the project's folder or another: in a process that stands ready, or in one of its own where that is asked for, by the test or for all
 * of them by `BELAY_TEST_ALONE=1`, where there is input, and where the other is busy.
 */
export async function belay(
  where: TestProject | string,
  args: readonly string[],
  options: BelayOptions = {},
): Promise<BelayResult> {
  const alone = options.alone === true || options.input !== undefined || process.env["BELAY_TEST_ALONE"] === "1";
  const cwd = folderOf(where);
  const env = { ...process.env, ...environment, ...options.env };
  const ended = alone
    ? null
    : await runStanding(commandLine(), { args, cwd, env, timeoutMs: options.timeout ?? defaultTimeoutMs });
  if (ended === null) return startBelay(where, args, options).result;
  return { ...ended, json: () => parse(ended.stdout, ended.stderr) };
}

/** Starts it as a process of its own, without waiting for its end. */
export function startBelay(
  where: TestProject | string,
  args: readonly string[],
  options: BelayOptions = {},
): RunningBelay {
  const running = execa("node", [commandLine(), ...args], {
    cwd: folderOf(where),
    env: { ...environment, ...options.env },
    ...(options.input === undefined ? { stdin: "ignore" } : { input: options.input }),
    timeout: options.timeout ?? defaultTimeoutMs,
    reject: false,
  });
  let stderr = "";
  running.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return { pid: running.pid ?? 0, stderr: () => stderr, kill: (signal) => void running.kill(signal), result: ended() };

  async function ended(): Promise<BelayResult> {
    const { exitCode, stdout, stderr: said, signal, timedOut } = await running;
    if (timedOut) throw new Error(`belay ${args.join(" ")} took too long\n${stdout}\n${said}`);
    if (exitCode === undefined && signal === undefined) throw new Error(`belay did not start: ${said}`);
    return { exitCode: exitCode ?? -1, stdout, stderr: said, json: () => parse(stdout, said) };
  }
}

/** Runs one that must end with `exitCode`, and shows what it said where it does not. */
export async function expectBelay(
  where: TestProject | string,
  exitCode: number,
  args: readonly string[],
  options: BelayOptions = {},
): Promise<BelayResult> {
  const result = await belay(where, args, options);
  if (result.exitCode === exitCode) return result;
  throw new Error(
    `belay ${args.join(" ")} ended with ${result.exitCode}, not ${exitCode}\n${result.stdout}\n${result.stderr}`,
  );
}

function folderOf(where: TestProject | string): string {
  return typeof where === "string" ? where : where.root;
}

function configText(databases: Readonly<Record<string, FreshDatabase>>, change: Partial<ConfigInput>): string {
  const names = Object.keys(databases);
  const config: ConfigInput = {
    targets: Object.fromEntries(names.map((name) => [name, { url: databases[name]?.url ?? "" }])),
    stages: names.map((name) => ({ name, targets: [name] })),
    ...change,
    policy: {
      lock: { budget: "200ms", patience: "10s" },
      ...change.policy,
      rehearsal: { on: serverUrl(), ...change.policy?.rehearsal },
    },
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

async function writeAll(root: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

function parse(stdout: string, stderr: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`stdout is not one JSON document:\n${stdout}\nstderr:\n${stderr}`);
  }
}

let checked: string | null = null;

/** The built command line; `BELAY_TEST_CLI` names another build than the one in `dist/`. */
function commandLine(): string {
  checked ??= process.env["BELAY_TEST_CLI"] ?? freshBuild();
  return checked;
}

function freshBuild(): string {
  const main = join(here, "dist/cli/main.js");
  const builtMs = existsSync(main) ? statSync(main).mtimeMs : 0;
  const source = readdirSync(join(here, "src"), { recursive: true, encoding: "utf8" });
  const newer = source.find((file) => file.endsWith(".ts") && statSync(join(here, "src", file)).mtimeMs > builtMs);
  if (builtMs === 0) throw new Error("dist/ is missing: run `npm run build`, or the tests with `npm test`.");
  if (newer !== undefined) throw new Error(`dist/ is older than src/${newer}: run \`npm run build\`.`);
  return main;
}
