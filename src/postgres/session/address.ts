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

function parse(url: string): URL {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new BelayError("usage", "url-invalid", "A target's url is not a PostgreSQL URL.", {
      hint: "Write postgres://user:password@host:port/database, or embedded:<name> for the sandbox.",
    });
  }
  return new URL(url);
}
