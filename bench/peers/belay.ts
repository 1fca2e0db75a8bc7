import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeAll } from "./files.js";
import type { BenchChange, Peer, Place } from "./peer.js";
import { run } from "./process.js";

const built = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface BelayOptions {
  /** The command line to run instead of the one in dist/. */
  readonly cli?: string | undefined;
  /** Whether each change is rehearsed before, as Belay's policy wants it by default. The peers prove nothing. */
  readonly rehearse: boolean;
}

/** Runs one command of Belay; gives how long it took, in milliseconds. */
export type RunBelay = (place: Place, ...args: readonly string[]) => Promise<number>;

export function belayRunner(cli: string = built): RunBelay {
  return (place, ...args) =>
    run([process.execPath, resolve(cli), ...args], { cwd: place.folder, env: { DATABASE_URL: place.url } });
}

export function belayPeer({ cli, rehearse }: BelayOptions): Peer {
  const belay = belayRunner(cli);
  return {
    name: "belay",
    how: `belay rollout --yes${rehearse ? ", rehearsed before" : ", policy.rehearsal.required false"}`,
    kind: "belay",
    givesUp: true,
    installed: false,
    unavailable: async () => null,
    prepare: (place) => writeAll(place.folder, { "belay.config.json": configText(place, rehearse) }),
    write: (place, changes) => writeAll(place.folder, Object.fromEntries(changes.flatMap(filesOf))),
    makeReady: async (place) => {
      const buildMs = await belay(place, "build");
      return rehearse ? { buildMs, rehearseMs: await belay(place, "rehearse") } : { buildMs };
    },
    apply: async (place) => ({ tookMs: await belay(place, "rollout", "--yes"), attempts: 1 }),
  };
}

/** Everything else is the default. */
function configText({ scratchUrl }: Place, required: boolean): string {
  return JSON.stringify({
    targets: { main: { url: "${DATABASE_URL}" } },
    policy: { rehearsal: { required, on: scratchUrl } },
  });
}

function filesOf({ id, up, down, batch }: BenchChange): readonly (readonly [string, string])[] {
  const directive = batch === true ? "-- belay:batch\n" : "";
  return [
    [`migrations/${id}.up.sql`, `${directive}${up}\n`],
    [`migrations/${id}.down.sql`, `${directive}${down}\n`],
  ];
}
