import { BelayError, messageOf } from "../errors.js";

export interface HttpRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface FetchOptions {
  /** For the whole answer, its body included. */
  readonly timeoutMs: number;
  readonly bodyLimitBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly kind: "answer";
  readonly status: number;
  readonly body: string;
}

/** `no-answer`: the server was reached for and did not answer. `error`: the question could not be put. */
export type HttpResult =
  | HttpAnswer
  | { readonly kind: "no-answer"; readonly message: string }
  | { readonly kind: "error"; readonly message: string; readonly status?: number };

/**
 * What the other side does when it is down or dying. An unknown host, a certificate that is not trusted or a network without a
 * route is not among them: those say something about the question.
 */
const NO_ANSWER_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
]);

/**
 * One GET, on a connection of its own: a kept one that the server has just closed would look like an outage. Redirects are not
 * followed. It does not throw; messages name the host and the path alone, since a URL may hold a password or a token.
 */
export async function fetchText(request: HttpRequest, options: FetchOptions): Promise<HttpResult> {
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined;
  if (url === undefined) return { kind: "error", message: "the url cannot be read" };
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  try {
    const headers = headersOf(request, url);
    const response = await fetch(withoutSecrets(url), { headers, signal, redirect: "manual" });
    const body = await readBody(response, options.bodyLimitBytes);
    if (body !== undefined) return { kind: "answer", status: response.status, body };
    const message = `the answer is larger than ${options.bodyLimitBytes} bytes`;
    return { kind: "error", message, status: response.status };
  } catch (thrown) {
    if (options.signal?.aborted === true) return { kind: "error", message: "the measurement was cancelled" };
    if (timeout.aborted)
      return { kind: "no-answer", message: `${named(url)} took longer than ${options.timeoutMs} ms` };
    return explain(url, thrown);
  }
}

/** A user and password in a URL are sent as HTTP's basic authentication (RFC 7617); `fetch` itself refuses such a URL. */
function headersOf({ headers }: HttpRequest, url: URL): Headers {
  const sent = new Headers();
  if (url.username !== "" || url.password !== "") {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    sent.set("authorization", `Basic ${Buffer.from(pair, "utf8").toString("base64")}`);
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    try {
      sent.set(name, value);
    } catch (cause) {
      throw new BelayError("usage", "http-header-invalid", `The header "${name}" cannot be sent as it is.`, { cause });
    }
  }
  sent.set("connection", "close");
  return sent;
}

function withoutSecrets(url: URL): URL {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}

/** The body as text, or undefined where it is larger than the limit. */
async function readBody(response: Response, limitBytes: number): Promise<string | undefined> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the stream, which closes the connection.
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function explain(url: URL, thrown: unknown): HttpResult {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const code = codeOf(thrown) ?? codeOf(cause);
  if (thrown instanceof BelayError) return { kind: "error", message: thrown.message };
  if (code === undefined) return { kind: "error", message: `${named(url)}: ${messageOf(cause ?? thrown)}` };
  // HPE_…: the answer is no HTTP, so it is no answer.
  if (!NO_ANSWER_CODES.has(code) && !code.startsWith("HPE_"))
    return { kind: "error", message: `${named(url)}: ${code}` };
  const how = code === "ECONNREFUSED" ? "refused the connection" : `broke off (${code})`;
  return { kind: "no-answer", message: `${named(url)} ${how}` };
}

function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

function named(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
