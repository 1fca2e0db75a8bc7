import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { BelayError } from "../../errors.js";
import { hasCode } from "./system-error.js";

/**
 * The operating system account that the server runs as. PostgreSQL refuses to run as root (manual, 18.1 "The PostgreSQL User
 * Account"), and initdb looks its own uid up in the account database.
 */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Accounts made for this purpose, best first; any other one comes after them. */
const PREFERRED_NAMES: readonly string[] = ["postgres", "_postgres", "nobody"];
/** The ids of no account at all: the two's complement of -1 in 16 and 32 bits. */
const INVALID_IDS: readonly number[] = [65_535, 4_294_967_295];

/** Whether this process is root, so that the server needs another account. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The account for the server, or undefined when it can run as this process does. The owner of an existing data directory comes
 * first, since PostgreSQL insists on it.
 *
 * @throws BelayError `sandbox-no-account` when this process is root and can become no other account.
 */
export async function chooseAccount(dataOwnerUid: number | undefined): Promise<Account | undefined> {
  if (!isRoot()) return undefined;
  for (const account of rankAccounts(await readFile("/etc/passwd", "utf8"), dataOwnerUid)) {
    if (await canBecome(account)) return account;
  }
  throw new BelayError(
    "usage",
    "sandbox-no-account",
    "PostgreSQL refuses to run as root, and no other account can be used.",
    {
      hint: "Run belay as another user, or give the targets a url in the config.",
    },
  );
}

/** The accounts of a passwd file (passwd(5)) that could run the server, best first. */
export function rankAccounts(passwd: string, dataOwnerUid: number | undefined): readonly Account[] {
  const accounts = passwd.split("\n").flatMap(parseEntry);
  const rank = (account: Account): number => {
    if (account.uid === dataOwnerUid) return -1;
    const preferred = PREFERRED_NAMES.indexOf(account.name);
    return preferred === -1 ? PREFERRED_NAMES.length : preferred;
  };
  return accounts.sort((a, b) => rank(a) - rank(b));
}

function parseEntry(line: string): Account[] {
  const [name, , uidText, gidText] = line.split(":");
  const [uid, gid] = [Number(uidText), Number(gidText)];
  const usable = [uid, gid].every((id) => Number.isInteger(id) && id > 0 && !INVALID_IDS.includes(id));
  return name !== undefined && usable ? [{ name, uid, gid }] : [];
}

/** A container may map few ids or forbid the change; only an attempt tells. That the program is missing shows the change worked. */
function canBecome(account: Account): Promise<boolean> {
  return new Promise<boolean>((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", ":"], { uid: account.uid, gid: account.gid, cwd: "/", stdio: "ignore" });
    child.once("error", reject);
    child.once("exit", () => resolve(true));
  }).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return true;
    if (hasCode(error, "EPERM", "EINVAL", "EACCES")) return false;
    throw error;
  });
}
