import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { gateDefaults, type Conditions, type GateOf } from "../../src/gate/gate.js";
import { evaluate } from "../../src/gate/measurement.js";
import { measureHttp } from "../../src/system/http-probe.js";

const servers: (Server | ReturnType<typeof createTcpServer>)[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

async function listen(server: (typeof servers)[number]): Promise<string> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = async (listener: RequestListener): Promise<string> => `http://${await listen(createServer(listener))}`;

interface GateParts {
  readonly success?: Conditions;
  readonly failure?: Conditions;
  readonly headers?: Record<string, string>;
  readonly timeoutMs?: number;
}

function gate(
  url: string,
  { success = { status: 200 }, failure, headers, timeoutMs = 5_000 }: GateParts = {},
): GateOf<"http"> {
  const probe = { kind: "http", url, headers } as const;
  return { ...gateDefaults({ name: "api", probe, phases: ["after"], success, failure, timeoutMs }, "after"), probe };
}

describe("an HTTP probe", () => {
  it("gives the status, the latency to the end of the body and the time", async () => {
    const url = await serve((_request, response) => {
      response.write("o");
      setTimeout(() => response.end("k"), 100);
    });
    const reading = await measureHttp(gate(url));
    expect(reading).toMatchObject({ kind: "value", status: 200, value: null });
    expect(reading.latencyMs).toBeGreaterThan(90);
    expect(new Date(reading.at).toISOString()).toBe(reading.at);
  });

  it("gives the whole body as the value, as a number where it spells one", async () => {
    const url = await serve((request, response) => response.end(request.url === "/count" ? "12\n" : "ok\n"));
    expect(await measureHttp(gate(`${url}/count`, { success: { max: 0 } }))).toMatchObject({
      kind: "value",
      value: 12,
    });
    expect(await measureHttp(gate(url, { success: { equals: "ok" } }))).toMatchObject({ kind: "value", value: "ok" });
  });

  it.each<[string, Conditions, object]>([
    ["a number", { jsonPath: "data.errors[0]", max: 0 }, { kind: "value", value: 4 }],
    ["a text that spells a number", { jsonPath: "data.lag", max: 0 }, { kind: "value", value: 1.5 }],
    ["a boolean", { jsonPath: "ready", equals: true }, { kind: "value", value: true }],
    ["null for who asks for it", { jsonPath: "none", equals: null }, { kind: "value", value: null }],
    ["null", { jsonPath: "none", max: 0 }, { kind: "no-data" }],
    ["nothing", { jsonPath: "data.missing", max: 0 }, { kind: "no-data" }],
    ["an object", { jsonPath: "data", max: 0 }, { kind: "error" }],
  ])("finds %s at a JSON path", async (_title, success, expected) => {
    const document = { data: { errors: [4], lag: "1.5" }, ready: true, none: null };
    const url = await serve((_request, response) => response.end(JSON.stringify(document)));
    expect(await measureHttp(gate(url, { success }))).toMatchObject({ ...expected, status: 200 });
  });

  it("an answer that should be JSON and is not is an error that does not repeat it", async () => {
    const url = await serve((_request, response) => response.end("<html>hunter2</html>"));
    const reading = await measureHttp(gate(url, { success: { jsonPath: "a", max: 0 } }));
    expect(reading).toMatchObject({ kind: "error", message: "the answer is not JSON", status: 200 });
  });

  it("does not follow a redirect: it is the answer", async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      asked += 1;
      response.writeHead(302, { location: "/login" }).end();
    });
    const reading = await measureHttp(gate(url));
    expect(evaluate(gate(url), reading)).toMatchObject({ outcome: "failure", status: 302 });
    expect(asked).toBe(1);
  });

  it("sends its headers, and a user and password of the URL as basic authentication", async () => {
    const url = await serve((request, response) => {
      response.end(JSON.stringify({ seen: `${request.headers["x-token"]} ${request.headers.authorization}` }));
    });
    const withPassword = url.replace("http://", "http://user:p%40ss@");
    const success = { jsonPath: "seen", equals: "" };
    const reading = await measureHttp(gate(withPassword, { success, headers: { "x-token": "abc" } }));
    expect(reading).toMatchObject({ value: `abc Basic ${Buffer.from("user:p@ss").toString("base64")}` });
  });

  it("asks on a connection of its own each time, so that a kept one which broke is not an outage", async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end();
    });
    for (let time = 0; time < 3; time += 1) await measureHttp(gate(url));
    expect(ports.size).toBe(3);
  });
});

describe("an application that does not answer", () => {
  it.each<[string, () => Promise<string>, RegExp]>([
    ["refuses the connection", closedPort, /refused the connection/u],
    ["breaks off before the answer", () => serve((request) => request.socket.destroy()), /broke off/u],
    ["breaks off in the body", () => serve((_request, response) => breakOffInBody(response)), /broke off/u],
    ["does not speak HTTP", () => speak("SSH-2.0-OpenSSH\r\n\r\n"), /broke off/u],
    ["never answers", () => serve(() => undefined), /took longer than 400 ms/u],
    ["never ends its body", () => serve((_request, response) => void response.write("a")), /took longer than 400 ms/u],
  ])("fails its health check when it %s", async (_title, start, message) => {
    const health = gate(await start(), { timeoutMs: 400 });
    const reading = await measureHttp(health);
    expect(reading).toMatchObject({ kind: "no-answer", message: expect.stringMatching(message) });
    expect(evaluate(health, reading).outcome).toBe("failure");
  });
});

describe("a question that cannot be put is an error, not a verdict on the application", () => {
  it("an unknown host", async () => {
    const reading = await measureHttp(gate("http://nobody.invalid/health"));
    expect(reading).toMatchObject({ kind: "error", message: expect.stringContaining("http://nobody.invalid/health") });
  });

  it("a port that no browser would ask either", async () => {
    expect(await measureHttp(gate("http://127.0.0.1:1/"))).toMatchObject({
      kind: "error",
      message: "http://127.0.0.1:1/: bad port",
    });
  });

  it("a URL that cannot be read", async () => {
    expect(await measureHttp(gate("http://"))).toMatchObject({ kind: "error" });
  });

  it("an answer larger than a mebibyte, which is not read to its end", async () => {
    const url = await serve((_request, response) => {
      const more = (): void => {
        if (!response.destroyed) response.write("x".repeat(65_536), () => setImmediate(more));
      };
      more();
    });
    const reading = await measureHttp(gate(url));
    expect(reading).toMatchObject({ kind: "error", message: "the answer is larger than 1048576 bytes", status: 200 });
  });

  it("a header that cannot be sent, whose value is not repeated", async () => {
    const reading = await measureHttp(gate("http://127.0.0.1:1/", { headers: { "x-token": "hunter\n2" } }));
    expect(reading).toMatchObject({ kind: "error", message: 'The header "x-token" cannot be sent as it is.' });
  });

  it("an abort", async () => {
    const abort = new AbortController();
    const url = await serve(() => abort.abort());
    const reading = await measureHttp(gate(url), { signal: abort.signal });
    expect(reading).toMatchObject({ kind: "error", message: "the measurement was cancelled" });
  });
});

it("no message repeats the password or the query of a URL", async () => {
  const secret = (url: string): string =>
    url.replace("http://", "http://user:hunter2@").concat("/health?token=hunter2");
  const silent = await serve(() => undefined);
  const readings = [
    await measureHttp(gate(secret(await closedPort()))),
    await measureHttp(gate(secret(silent), { timeoutMs: 200 })),
    await measureHttp(gate(secret("http://nobody.invalid"))),
    await measureHttp(gate(secret("http://127.0.0.1:99999"))),
  ];
  expect(readings.map(({ kind }) => kind)).toEqual(["no-answer", "no-answer", "error", "error"]);
  expect(JSON.stringify(readings)).not.toContain("hunter2");
});

async function closedPort(): Promise<string> {
  const server = createTcpServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}

function breakOffInBody(response: Parameters<RequestListener>[1]): void {
  response.writeHead(200, { "content-length": "100" });
  response.write("half", () => response.socket?.destroy());
}

async function speak(text: string): Promise<string> {
  return `http://${await listen(
    createTcpServer((socket) =>
      socket
        .on("error", () => undefined)
        .resume()
        .end(text),
    ),
  )}`;
}
