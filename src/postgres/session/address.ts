import { BelayError } from "../../errors.js";

/** Where a database is, without what must not be shown. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * Reads a `postgres://` or `postgresql://` URL.
 * @throws BelayError `url-invalid`; its message does not repeat the URL, which may hold a password.
 */
export function addressOf(url: string): Address {
  const parsed = parse(url);
  return {
    host: parsed.searchParams.get("host") ?? (decodeURIComponent(parsed.hostname) || "localhost"),
    port: Number(parsed.port || parsed.searchParams.get("port") || 5432),
    database: decodeURIComponent(parsed.pathname.slice(1)),
    user: decodeURIComponent(parsed.username),
  };
}

/** `user@host:port/database`: an address as it may be shown. */
export function shown(address: Address): string {
  const user = address.user === "" ? "" : `${address.user}@`;
  return `${user}${address.host}:${address.port}/${address.database}`;
}

/** Characters that the driver leaves encoded in a database's name, and that may stand as they are in the path of a URL. */
const reserved = /%(?:2F|40|3A|26|2B|2C|3B|3D|24)/gi;

/** The URL as the driver reads it rightly: it does not decode all of a database's name. */
export function forDriver(url: string): string {
  const parsed = parse(url);
  parsed.pathname = parsed.pathname.replaceAll(reserved, (one) => decodeURIComponent(one));
  return parsed.href;
}

/** The same server and user, another database. */
export function withDatabase(url: string, database: string): string {
  const parsed = parse(url);
  parsed.pathname = `/${encodeURIComponent(database)}`;
  return parsed.href;
}

/** A text that somebody else wrote, without the password of the URL, however it is spelt there. */
export function withoutPassword(text: string, url: string): string {
  const { password, searchParams } = parse(url);
  const spellings = [password, decodeURIComponent(password), searchParams.get("password") ?? ""];
  return spellings.filter((spelling) => spelling !== "").reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
}

/** What the driver knows (manual, 32.1.2: sslmode). */
const sslModes: readonly (string | null)[] = [null, "disable", "allow", "prefer", "require", "verify-ca", "verify-full", "no-verify"]; // prettier-ignore

function parse(url: string): URL {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) throw invalid("A target's url is not a PostgreSQL URL.");
  const parsed = new URL(url);
  if (![parsed.username, parsed.password, parsed.hostname, parsed.pathname].every(isDecodable))
    throw invalid("A target's url has a % that encodes nothing: write %25 for it.");
  const sslMode = parsed.searchParams.get("sslmode");
  if (!sslModes.includes(sslMode)) throw invalid(`A target's url has the sslmode ${sslMode}, which does not exist.`);
  return parsed;
}

function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false; // URIError says nothing more
  }
}

function invalid(message: string): BelayError {
  return new BelayError("usage", "url-invalid", message, {
    hint: "Write postgres://user:password@host:port/database, or embedded:<name> for the sandbox.",
  });
}
