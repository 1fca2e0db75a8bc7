import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { anyPort, choosePort, HOST } from "../../src/postgres/sandbox/port.js";

let squatter: Server | undefined;

afterEach(async () => {
  await new Promise((resolve) => {
    if (squatter === undefined) resolve(undefined);
    else squatter.close(resolve);
  });
  squatter = undefined;
});

async function squat(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(port, HOST, resolve);
  });
  squatter = server;
}

test("the remembered port is taken again while it is free", async () => {
  const port = await anyPort();
  expect(await choosePort(port)).toBe(port);
});

test("a port that somebody listens on is not chosen", async () => {
  const port = await anyPort();
  await squat(port);
  expect(await choosePort(port)).not.toBe(port);
});
