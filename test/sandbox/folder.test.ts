import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isRoot } from "../../src/postgres/sandbox/account.js";
import { openFolder } from "../../src/postgres/sandbox/folder.js";

let project: string;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "belay-folder-"));
});

afterEach(async () => {
  await rm(project, { recursive: true, force: true });
});

test("a folder that is a link is refused, since anybody could have put it there", async () => {
  await mkdir(join(project, "elsewhere"));
  await symlink(join(project, "elsewhere"), join(project, "data"));
  await expect(openFolder(project, join(project, "data"))).rejects.toMatchObject({ code: "sandbox-folder" });
});

test("a folder that others can write to is refused", async () => {
  await mkdir(join(project, "data"));
  await chmod(join(project, "data"), 0o777);
  await expect(openFolder(project, join(project, "data"))).rejects.toMatchObject({ code: "sandbox-folder" });
});

test.runIf(isRoot())("a folder of another user is refused", async () => {
  const path = join(project, "data");
  await mkdir(path);
  await chown(path, 65_534, 65_534);
  await expect(openFolder(project, path)).rejects.toMatchObject({ code: "sandbox-folder" });
});

test.runIf(isRoot())("root's sandbox is outside the project, where other accounts can pass", async () => {
  const folder = await openFolder(project);
  try {
    expect(folder.root.startsWith(project)).toBe(false);
    expect((await stat(folder.root)).mode & 0o777).toBe(0o711);
    expect((await openFolder(project)).root).toBe(folder.root);
  } finally {
    await rm(folder.root, { recursive: true });
  }
});

test.skipIf(isRoot())("the sandbox is in the project, unseen by git", async () => {
  const folder = await openFolder(project);
  expect(folder.root).toBe(join(project, ".belay", "sandbox"));
  expect((await stat(folder.root)).mode & 0o777).toBe(0o700);
  expect(await readFile(join(project, ".belay", ".gitignore"), "utf8")).toBe("*\n");
});

test.skipIf(isRoot())("in a project that cannot be written to, the sandbox is elsewhere", async () => {
  await chmod(project, 0o500);
  const folder = await openFolder(project);
  try {
    expect(folder.root.startsWith(project)).toBe(false);
  } finally {
    await rm(folder.root, { recursive: true });
    await chmod(project, 0o700);
  }
});
