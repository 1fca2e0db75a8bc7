import { hostname, userInfo } from "node:os";

/** Who acts, for the ledger: `BELAY_AS`, or the account and the machine. */
export function currentActor(environment: NodeJS.ProcessEnv = process.env): string {
  return environment["BELAY_AS"] ?? `${accountName(environment)}@${hostname()}`;
}

function accountName(environment: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number without an account; the number then says who.
    return environment["USER"] ?? `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
