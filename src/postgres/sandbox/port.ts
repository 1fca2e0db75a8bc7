import { createServer } from "node:net";
import { hasCode } from "./system-error.js";

/** The loopback interface; the sandbox listens on no other. */
export const HOST = "127.0.0.1";
/** Near PostgreSQL's own 5432, and far from what a developer's machine runs already. */
const DEFAULT_PORT = 54_329;

/** A port that nobody listens on: the remembered one, else the default, else one that the operating system picks. */
export async function choosePort(remembered: number | undefined): Promise<number> {
  for (const candidate of [remembered, DEFAULT_PORT]) {
    if (candidate !== undefined && (await tryPort(candidate)) !== undefined) return candidate;
  }
  return anyPort();
}

/** A port that the operating system picks. */
export async function anyPort(): Promise<number> {
  return (await tryPort(0)) ?? anyPort();
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      if (hasCode(error, "EADDRINUSE", "EACCES")) resolve(undefined);
      else reject(error);
    });
    server.listen(port, HOST, () => {
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
