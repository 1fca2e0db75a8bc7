import pg from "pg";
import { BelayError, messageOf } from "../../errors.js";
import type { Address } from "./address.js";
import { shown } from "./address.js";

/** The SQLSTATE of what was thrown, or null (PostgreSQL manual, appendix A). */
export function sqlStateOf(thrown: unknown): string | null {
  return thrown instanceof pg.DatabaseError ? (thrown.code ?? null) : null;
}

/**
 * What was thrown, for a person. Where others depend on an object (2BP01), the server names them only in its detail. Other details are left out: they repeat
 * values of rows. Where a function of the ledger refused, its hint is the next step, and stands behind its sentence.
 */
export function explain(thrown: unknown): string {
  const hint = ledgersHint(thrown);
  return hint === null ? sentenceFor(thrown) : `${sentenceFor(thrown)} ${hint}`;
}

function sentenceFor(thrown: unknown): string {
  const message = messageOf(thrown);
  if (sqlStateOf(thrown) !== "2BP01" || !(thrown instanceof pg.DatabaseError)) return message;
  return thrown.detail === undefined ? message : `${message}: ${thrown.detail.split("\n").join("; ")}`;
}

/** The functions of the ledger raise SQLSTATEs of a class of their own. */
function ledgersHint(thrown: unknown): string | null {
  if (thrown instanceof BelayError) return ledgersHint(thrown.cause);
  return sqlStateOf(thrown)?.startsWith("BE") === true ? hintOf(thrown) : null;
}

/** What the server suggests beside an error, or null. */
export function hintOf(thrown: unknown): string | null {
  return thrown instanceof pg.DatabaseError ? (thrown.hint ?? null) : null;
}

/** 55P03 lock_not_available: a lock timeout or NOWAIT. */
export function isLockTimeout(thrown: unknown): boolean {
  return sqlStateOf(thrown) === "55P03";
}

/** 57014 query_canceled. */
export function isCancelled(thrown: unknown): boolean {
  return sqlStateOf(thrown) === "57014";
}

/** The named table, column, index or other object does not exist. */
export function isUndefinedObject(thrown: unknown): boolean {
  return ["42P01", "42703", "42704", "42883", "3F000"].includes(sqlStateOf(thrown) ?? "");
}

/** The session is gone, or with it the operator's lock: what was under way may or may not have happened. */
export function isConnectionLost(thrown: unknown): boolean {
  if (thrown instanceof BelayError) return thrown.code === "operator-lost" || isConnectionLost(thrown.cause);
  const state = sqlStateOf(thrown);
  if (state !== null) return state.startsWith("08") || state.startsWith("57P");
  const code = codeOf(thrown);
  if (["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNREFUSED"].includes(code ?? "")) return true;
  return /connection terminated|client was closed|not queryable|connection error/i.test(messageOf(thrown));
}

/** Somebody else is the operator of the database by now. */
export function operatorLost(message: string, cause?: unknown): BelayError {
  return new BelayError("not-back", "operator-lost", message, {
    hint: "Run `belay status`; then run the same command again.",
    cause,
  });
}

/** What is left to say when the connection is lost for good in the middle of the work. Exit code 5: only the next command finds out where it stands. */
export function connectionLost(place: string, thrown: unknown, next: string): BelayError {
  const message = `${place}: the connection was lost and could not be had again: ${messageOf(thrown)}`;
  return new BelayError("not-back", "connection-lost", message, {
    hint: `When the server is back: ${next}. It finds out where everything stands, and finishes it.`,
    cause: thrown,
  });
}

/** What is left to say when the connection is lost before any change was touched; whatever else was thrown stays what it is. Exit code 2. */
export function lostEarly(thrown: unknown, address: Address): unknown {
  if (thrown instanceof BelayError || !isConnectionLost(thrown)) return thrown;
  const message = `${shown(address)}: the connection was lost: ${messageOf(thrown)}`;
  return new BelayError("usage", "connection-cut", message, { hint: "Run it again.", cause: thrown });
}

/** What was thrown at the first write to a database that takes none: a standby, or sessions that are read-only by a setting (25006). The rest stays what it is. */
export function refusedWrite(thrown: unknown, address: Address): unknown {
  if (sqlStateOf(thrown) !== "25006") return thrown;
  return new BelayError("refused", "read-only", `${shown(address)}: ${messageOf(thrown)}. Nothing was touched.`, {
    hint: "On a standby, use the url of the primary; else RESET default_transaction_read_only of the role or the database.",
    cause: thrown,
  });
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Says in one sentence why no session could be had, and what to do. Exit code 2: nothing was touched. */
export function connectionError(thrown: unknown, address: Address): BelayError {
  const { code, message, hint } = refusalOf(thrown, address);
  return new BelayError("usage", code, message, { hint, cause: thrown });
}

function refusalOf(thrown: unknown, address: Address): Refusal {
  const { code, message, hint } = reasonOf(sqlStateOf(thrown) ?? codeOf(thrown) ?? "", messageOf(thrown));
  return { code, message: `${shown(address)}: ${message}`, hint };
}

/** By SQLSTATE or the system's code (errno(3), OpenSSL); by its words where the driver gives none. */
function reasonOf(code: string, message: string): Refusal {
  if (code === "28000" && /no encryption|SSL off/i.test(message)) return tlsRequired;
  if (/timeout expired/i.test(message)) return noAnswer;
  if (/CERT|SIGNATURE|ERR_TLS|ERR_SSL/.test(code) || /does not support SSL/i.test(message))
    return refusal("tls-refused", `no encrypted connection came about: ${message}.`, tlsHint);
  return reasons.get(code) ?? refusal("connection-failed", `${message}.`, "Check the url of the target.");
}

const tlsHint =
  "Set sslmode in the url to what the server offers, and sslrootcert to the certificate that signs the server's own.";
const tlsRequired = refusal(
  "tls-required",
  "the server wants an encrypted connection.",
  "Add ?sslmode=require to the url.",
);
const noAnswer = refusal("server-unreachable", "no answer in time.", "Check host, port and firewall.");
const noWay = refusal("server-unreachable", "there is no way to that host.", "Check host, network and firewall.");
const noName = refusal("host-unknown", "the host's name cannot be resolved.", "Correct the host.");
const noLogin = refusal("login-refused", "the server refused the login.", "Check user, password and pg_hba.conf.");

const reasons: ReadonlyMap<string, Refusal> = new Map([
  ["28P01", noLogin],
  ["28000", noLogin],
  ["3D000", refusal("database-missing", "there is no such database.", "Create it, or correct the url.")],
  ["42501", refusal("login-refused", "the role may not connect to this database.", "GRANT CONNECT ON DATABASE to it.")],
  ["53300", refusal("connections-exhausted", "all connections are taken.", "Free some, then run it again.")],
  ["57P03", refusal("server-starting", "the server is starting or stopping.", "Try again in a moment.")],
  [
    "ECONNREFUSED",
    refusal("server-unreachable", "nothing listens there.", "Start the server, or correct host and port."),
  ],
  ["ENOENT", refusal("server-unreachable", "there is no such socket.", "Start the server, or correct the host.")],
  ["EHOSTUNREACH", noWay],
  ["ENETUNREACH", noWay],
  ["ENOTFOUND", noName],
  ["EAI_AGAIN", noName],
  ["ETIMEDOUT", noAnswer],
]);

function refusal(code: string, message: string, hint: string): Refusal {
  return { code, message, hint };
}

function codeOf(thrown: unknown): string | null {
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return null;
  return typeof thrown.code === "string" ? thrown.code : null;
}
