import { expect, test } from "vitest";
import { chooseAccount, isRoot, rankAccounts } from "../../src/postgres/sandbox/account.js";

const passwd = [
  "root:x:0:0:root:/root:/bin/bash",
  "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
  "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
  "odd:x:-2:-2::/:/bin/false",
  "wheel:x:5:0:in the group of root:/:/bin/false",
  "none:x:65535:65535::/:/bin/false",
  "postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash",
  "+::::::",
  "",
].join("\n");

test("the server runs as postgres, else as nobody, else as any account that is not root's", () => {
  expect(rankAccounts(passwd, undefined).map(({ name }) => name)).toEqual(["postgres", "nobody", "daemon"]);
});

test("the owner of the data directory comes first", () => {
  expect(rankAccounts(passwd, 1)[0]).toEqual({ name: "daemon", uid: 1, gid: 1 });
});

test.runIf(isRoot())("root gets another account to run the server as", async () => {
  expect(await chooseAccount(undefined)).toMatchObject({ uid: expect.toSatisfy((uid: number) => uid > 0) });
});

test.skipIf(isRoot())("a user who is not root runs the server as itself", async () => {
  expect(await chooseAccount(undefined)).toBeUndefined();
});
