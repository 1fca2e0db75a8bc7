import { BelayError } from "../../src/errors.js";
import { note } from "../report/note.js";
import { installPeers } from "./installed.js";
import type { Peer } from "./peer.js";

/** Who takes part, and who cannot and why. */
export interface Contenders {
  readonly present: readonly Peer[];
  readonly missing: Readonly<Record<string, string>>;
}

/**
 * Of all that a benchmark knows, those that were asked for and can run here.
 * @throws BelayError `bench-contender-unknown`, `bench-peers-missing`.
 */
export async function gather(all: readonly Peer[], only: readonly string[]): Promise<Contenders> {
  const unknown = only.find((name) => !all.some((peer) => peer.name === name));
  if (unknown !== undefined) {
    throw new BelayError("usage", "bench-contender-unknown", `There is no contender "${unknown}" here.`, {
      hint: `Known are ${all.map(({ name }) => name).join(", ")}.`,
    });
  }
  const wanted = only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
  if (wanted.some(({ installed }) => installed)) await installPeers();
  const present: Peer[] = [];
  const missing: Record<string, string> = {};
  for (const peer of wanted) {
    const why = await peer.unavailable();
    if (why === null) present.push(peer);
    else {
      missing[peer.name] = why;
      note(`without ${peer.name}: ${why}`);
    }
  }
  return { present, missing };
}

/** How each is run, by its name, for the results. */
export function howOf(peers: readonly Peer[]): Readonly<Record<string, string>> {
  return Object.fromEntries(peers.map(({ name, how }) => [name, how]));
}
