import type { Target } from "../../system/config/config.js";
import type { Project } from "../../system/project/project.js";
import { acquireSandbox, type Sandbox } from "../sandbox/sandbox.js";

const embedded = "embedded:";

/** Where a project's targets are; starts the sandbox when one of them lies there. */
export interface Connections {
  /** The `postgres://` URL of a target; a database of the sandbox is made where it is missing. */
  urlOf(target: Target): Promise<string>;
  sandbox(): Promise<Sandbox>;
  /** Where a connection was lost the sandbox may have died: the next use looks, and starts it again. */
  forget(): void;
  /** Gives the sandbox back. */
  release(): Promise<void>;
}

export function connectionsOf(project: Project, note: (message: string) => void): Connections {
  const leases: Promise<Sandbox>[] = [];
  let lease: Promise<Sandbox> | null = null;
  const sandbox = (): Promise<Sandbox> => {
    if (lease === null) leases.push((lease = acquireSandbox({ projectDirectory: project.root, report: note })));
    return lease;
  };
  return {
    sandbox,
    urlOf: async (target) => {
      if (!target.url.startsWith(embedded)) return target.url;
      return (await sandbox()).ensureDatabase(target.url.slice(embedded.length));
    },
    forget: () => {
      lease = null;
    },
    release: async () => {
      // One that was never had needs no return; its error was thrown where it was asked for.
      for (const taken of await Promise.allSettled(leases))
        if (taken.status === "fulfilled") await taken.value.release();
    },
  };
}

/** Lends connections for the length of `work`. */
export async function withConnections<T>(
  project: Project,
  note: (message: string) => void,
  work: (connections: Connections) => Promise<T>,
): Promise<T> {
  const connections = connectionsOf(project, note);
  try {
    return await work(connections);
  } finally {
    await connections.release();
  }
}
