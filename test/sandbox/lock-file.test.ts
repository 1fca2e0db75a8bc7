import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLock } from "../../src/postgres/sandbox/lock-file.js";
import { ownIdentity } from "../../src/postgres/sandbox/process-identity.js";
import { startCommand } from "./fixtures/command.js";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "belay-lock-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

test("no two are inside the lock at once", async () => {
  let inside = 0;
  let most = 0;
  const enter = (): Promise<void> =>
    withLock(directory, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(5);
      inside -= 1;
    });
  await Promise.all(Array.from({ length: 12 }, enter));
  expect(most).toBe(1);
});

test("the lock gives back what the work gave, and is free after work that failed", async () => {
  await expect(withLock(directory, () => Promise.reject(new RangeError("work")))).rejects.toThrow(RangeError);
  expect(await withLock(directory, async () => "next")).toBe("next");
});

test("the lock of a living process is refused after the patience, with its pid, and is free once it was killed", async () => {
  const holder = await startCommand("hold-lock", [directory]);
  await expect(withLock(directory, async () => "in", 300)).rejects.toMatchObject({
    code: "sandbox-locked",
    message: expect.stringContaining(String(holder.pid)),
  });
  await holder.kill();
  expect(await withLock(directory, async () => "in", 0)).toBe("in");
});

test("a lock whose pid now belongs to another process is taken over", async () => {
  const { pid } = await ownIdentity();
  const owner = { pid, startedAt: "at another time" };
  await writeFile(join(directory, "lock.7"), JSON.stringify({ owner, released: false }));
  expect(await withLock(directory, async () => "in", 0)).toBe("in");
});

test("the lock leaves one file behind, however often it was used", async () => {
  for (let round = 0; round < 3; round += 1) await withLock(directory, async () => undefined);
  expect(await readdir(directory)).toEqual(["lock.3"]);
});

test("a damaged lock file is named, and not broken into", async () => {
  await writeFile(join(directory, "lock.1"), "{");
  await expect(withLock(directory, async () => "in")).rejects.toMatchObject({
    code: "sandbox-lock-unreadable",
    hint: expect.stringContaining("lock.1"),
  });
});
