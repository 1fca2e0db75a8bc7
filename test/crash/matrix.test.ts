import { afterAll, beforeAll, expect, test } from "vitest";
import { climb, crash, followers, journeys, strikes, type Crash, type Journey } from "./strike.js";
import type { Ladder } from "../world/whole.js";
import { makeWorld, shapes, type Shape, type World } from "./world.js";

// A hunt by hand: BELAY_CRASHES=200 BELAY_CRASH_SEED=7 BELAY_CRASH_SHAPES=all npx vitest run test/crash/matrix.test.ts
const all = Object.keys(shapes) as Shape[];
const chosen: readonly Shape[] = process.env["BELAY_CRASH_SHAPES"] === "all" ? all : ["alter", "mixed"];
const randomCount = Number(process.env["BELAY_CRASHES"] ?? 3);
const seed = Number(process.env["BELAY_CRASH_SEED"] ?? Date.now() % 1_000_000);

/** Entries that a journey writes on one target, at most, with all shapes or the two chosen ones. */
const longest: Record<Journey, number> = chosen === all ? { rollout: 31, "red gate": 55, revert: 24 } : { rollout: 11, "red gate": 22, revert: 10 }; // prettier-ignore

let world: World;
let ladder: Ladder;
let cells = 0;

beforeAll(async () => {
  world = await makeWorld(chosen);
  ladder = await climb(world, chosen);
}, 300_000);

afterAll(async () => {
  process.stdout.write(`${cells} crashes; the random ones had the seed ${seed}\n`);
  await world.remove();
});

/** `<journey> <target> <entry> <strike> <follower>`: one crash at each entry of the mixed change, and each strike, follower and journey with another. */
const chosenCrashes = [
  "rollout staging 1 SIGKILL rollout",
  "rollout staging 4 SIGKILL abort",
  "rollout staging 6 SIGKILL and end both rollout",
  "rollout staging 8 SIGKILL revert",
  "rollout staging 11 SIGKILL rollout",
  "rollout production 2 end both rollout",
  "rollout production 4 SIGKILL status first",
  "rollout production 5 crash server rollout",
  "rollout production 6 SIGINT rollout",
  "rollout production 7 SIGKILL abort",
  "rollout production 8 cut line rollout",
  "rollout production 9 SIGKILL and end both rollout",
  "rollout production 5 end operator rollout",
  "rollout staging 7 SIGTERM rollout",
  "red gate production 10 SIGKILL rollout",
  "red gate staging 13 SIGKILL and end both rollout",
  "red gate production 13 crash server rollout",
  "red gate production 14 SIGKILL and end both abort",
  "red gate staging 1 end worker rollout",
  "red gate staging 15 end worker rollout",
  "revert production 2 SIGKILL revert",
  "revert production 3 SIGKILL and end both rollout",
  "revert staging 4 end both revert",
  "revert staging 5 SIGKILL rollout",
].map(parse);

function parse(line: string): Crash {
  const found = /^(rollout|red gate|revert) (\w+) (\d+) (.+?) (rollout|abort|revert|status first)$/.exec(line);
  const [, journey = "", target = "", entry = "", strike = "", follower = ""] = found ?? [];
  return { journey, target, entry: Number(entry), strike, follower } as unknown as Crash;
}

function* randomCrashes(): Generator<Crash> {
  let state = seed;
  const below = (count: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * count);
  };
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  for (let index = 0; index < randomCount; index += 1) {
    const journey = pick(journeys);
    const target = pick(["staging", "production"] as const);
    yield { journey, target, entry: 1 + below(longest[journey]), strike: pick(strikes), follower: pick(followers) };
  }
}

test.each(chosenCrashes)("all or none: $journey, $strike on $target at entry $entry, then $follower", async (plan) => {
  const { faults, reached } = await crash(world, ladder, plan);
  expect(faults.join("\n")).toBe("");
  expect(reached).toBe(true);
  cells += 1;
});

test.each([...randomCrashes()])(
  "all or none at random: $journey, $strike on $target at entry $entry, then $follower",
  async (plan) => {
    const { faults } = await crash(world, ladder, plan);
    expect(faults.join("\n"), `seed ${seed}`).toBe("");
    cells += 1;
  },
);
