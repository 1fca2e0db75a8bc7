import { chmod, cp, lstat, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseAccount, isRoot, type Account } from "../../src/postgres/sandbox/account.js";
import { findDistribution, programOf, type Distribution } from "../../src/postgres/sandbox/binaries.js";
import { prepareBinaries } from "../../src/postgres/sandbox/prepared-binaries.js";

let folder: string;
let bare: Distribution;
let account: Account | undefined;
const temporaryBefore = process.env["TMPDIR"];

/** The distribution as npm unpacks it when it runs no scripts: no links, no executable bits; in a folder that only we may enter. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "belay-binaries-"));
  await chmod(folder, 0o755);
  process.env["TMPDIR"] = folder;
  account = await chooseAccount(undefined);
  const found = await findDistribution();
  bare = { ...found, directory: join(folder, "closed", "native") };
  await cp(found.directory, bare.directory, { recursive: true, verbatimSymlinks: true });
  for (const link of bare.links) await rm(join(bare.directory, link.path), { force: true });
  for (const program of ["initdb", "pg_ctl", "postgres"] as const) await chmod(programOf(bare, program), 0o644);
  await chmod(join(folder, "closed"), 0o700);
});

afterAll(async () => {
  if (temporaryBefore === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = temporaryBefore;
  await rm(folder, { recursive: true, force: true });
});

test("a distribution without its links and executable bits is completed", async () => {
  expect(bare.links.length).toBeGreaterThan(0);
  await prepareBinaries(bare, account, () => undefined);
  for (const link of bare.links) expect((await lstat(join(bare.directory, link.path))).isSymbolicLink()).toBe(true);
});

test.runIf(isRoot())(
  "what the server's account may not enter is copied once, and again after files are lost",
  async () => {
    const reports: string[] = [];
    const prepare = (): Promise<Distribution> => prepareBinaries(bare, account, (message) => reports.push(message));
    await rm(join(folder, "belay-postgres-0"), { recursive: true, force: true });
    const [copy, other] = await Promise.all([prepare(), prepare()]);
    expect(other).toEqual(copy);
    expect(copy.directory).not.toBe(bare.directory);
    expect(reports).toHaveLength(1);
    expect((await lstat(programOf(copy, "postgres"))).mode & 0o777).toBe(0o755);
    await rm(join(copy.directory, "share"), { recursive: true });
    expect(await prepare()).toEqual(copy);
    expect(reports).toHaveLength(2);
  },
);

test("programs that do not run here are no sandbox, and the error says what to do", async () => {
  const broken: Distribution = { ...bare, directory: join(folder, "broken"), version: "broken", links: [] };
  await cp(bare.directory, broken.directory, { recursive: true, verbatimSymlinks: true });
  await writeFile(programOf(broken, "postgres"), "of another platform");
  await expect(prepareBinaries(broken, account, () => undefined)).rejects.toMatchObject({
    kind: "usage",
    code: "sandbox-unavailable",
    hint: expect.stringContaining("url"),
  });
});
