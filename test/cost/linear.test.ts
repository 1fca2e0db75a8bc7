import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectBelay, project, type TestProject } from "../support/cli.js";
import { startServer, type CrashServer } from "../world/server.js";
import { countingLine, type CountingLine, type Traffic } from "./counting-line.js";

/** Each has twice as many changes as the one before. */
const sizes = [15, 30, 60] as const;

interface Costs {
  readonly rollout: Traffic;
  readonly status: Traffic;
  readonly oneMore: Traffic;
  readonly revert: Traffic;
  /** Characters in the ledger after the rollout. */
  readonly stored: number;
}

/** Of its own: what other tests do to one that is shared, such as a new role, would make more be read. */
let server: CrashServer;
let line: CountingLine;
const costs = new Map<number, Costs>();

/** Whatever else runs on the machine only adds to what is sent, by a lock that has to be asked for again: so the least of a few rounds counts, where one is not enough. */
const rounds = 3;

beforeAll(async () => {
  server = await startServer();
  line = await countingLine(server.url("postgres"));
  for (let round = 0; round < rounds && !isSteady(); round += 1) {
    for (const size of sizes) costs.set(size, leastOf(costs.get(size), await costsOf(size, `c_${size}_${round}`)));
  }
}, 600_000);

afterAll(async () => {
  await line.close();
  await server.remove();
});

/** A pair of each kind in turn; every table is like the others. */
function pairOf(n: number): Readonly<Record<string, string>> {
  const table = `t_${n - (n % 3)}`;
  const [up, down] = [
    [`CREATE TABLE ${table} (id bigint PRIMARY KEY, name text)`, `DROP TABLE ${table}`],
    [`ALTER TABLE ${table} ADD COLUMN more text`, `ALTER TABLE ${table} DROP COLUMN more`],
    [`CREATE INDEX i_${n} ON ${table} (name)`, `DROP INDEX i_${n}`],
  ][n % 3] ?? ["", ""];
  const id = `${20200101000000 + Math.floor(n / 60) * 100 + (n % 60)}_c_${n}`;
  return { [`migrations/${id}.up.sql`]: `${up};\n`, [`migrations/${id}.down.sql`]: `${down};\n` };
}

async function costsOf(size: number, database: string): Promise<Costs> {
  const maintenance = await server.connect("postgres");
  await maintenance.query(`CREATE DATABASE ${database}`);
  await maintenance.end();
  const made: TestProject = await project({}, { targets: ["main"] });
  await made.configure({
    targets: { main: { url: line.through(server.url(database)) } },
    policy: { rehearsal: { required: false } },
  });
  for (let n = 0; n < size; n += 1) await made.write(pairOf(n));
  const cost = async (exitCode: number, ...args: readonly string[]): Promise<Traffic> => {
    line.take();
    await expectBelay(made, exitCode, args);
    return line.take();
  };
  await expectBelay(made, 0, ["build"]);
  const rollout = await cost(0, "rollout", "--yes");
  const ledger = await server.connect(database);
  const { rows } = await ledger.query<{ characters: string }>(
    `SELECT (SELECT sum(length(body::text)) FROM belay.journal) + (SELECT sum(length(body::text)) FROM belay.snapshot)
       + (SELECT sum(length(sql) + length(manifest)) FROM belay.artifact) AS characters`,
  );
  await ledger.end();
  const status = await cost(0, "status");
  await made.write(pairOf(size));
  await expectBelay(made, 0, ["build"]);
  const oneMore = await cost(0, "rollout", "--yes");
  const revert = await cost(0, "revert", "--to", "c_0", "--yes");
  return { rollout, status, oneMore, revert, stored: Number(rows[0]?.characters) };
}

/** By how much it grows for each change, between two sizes. */
function slopes(of: (costs: Costs) => number): readonly [number, number] {
  const [small, middle, large] = sizes.map((size) => {
    const found = costs.get(size);
    return { size, cost: found === undefined ? Number.NaN : of(found) };
  });
  const slope = (a?: { size: number; cost: number }, b?: { size: number; cost: number }): number =>
    ((b?.cost ?? Number.NaN) - (a?.cost ?? Number.NaN)) / ((b?.size ?? 0) - (a?.size ?? 0));
  return [slope(small, middle), slope(middle, large)];
}

/** Where each change cost something for each one before it, the growth would double with the size. */
function growth([first, second]: readonly [number, number]): number {
  return second / first;
}

const steady = 1.25;

function isSteady(): boolean {
  const grown: readonly ((costs: Costs) => number)[] = [
    ({ rollout }) => rollout.roundTrips,
    ({ rollout }) => rollout.bytes,
    ({ revert }) => revert.roundTrips,
    ({ revert }) => revert.bytes,
    ({ status }) => status.bytes,
    ({ oneMore }) => oneMore.bytes,
  ];
  return grown.every((of) => growth(slopes(of)) < steady);
}

function leastOf(one: Costs | undefined, other: Costs): Costs {
  if (one === undefined) return other;
  const least = (of: "rollout" | "status" | "oneMore" | "revert"): Traffic => ({
    roundTrips: Math.min(one[of].roundTrips, other[of].roundTrips),
    bytes: Math.min(one[of].bytes, other[of].bytes),
  });
  return {
    rollout: least("rollout"),
    status: least("status"),
    oneMore: least("oneMore"),
    revert: least("revert"),
    stored: Math.min(one.stored, other.stored),
  };
}

describe("what a change costs does not depend on how many there are:", () => {
  it("a rollout sends as many messages for each, and not many", () => {
    const found = slopes(({ rollout }) => rollout.roundTrips);
    expect(growth(found)).toBeLessThan(steady);
    expect(found[1]).toBeLessThan(22);
  });

  it("a rollout is sent as much for each", () => {
    expect(growth(slopes(({ rollout }) => rollout.bytes))).toBeLessThan(steady);
  });

  it("the ledger holds as much for each", () => {
    expect(growth(slopes(({ stored }) => stored))).toBeLessThan(steady);
  });

  it("a revert sends as many messages for each, and is sent as much", () => {
    expect(growth(slopes(({ revert }) => revert.roundTrips))).toBeLessThan(steady);
    expect(growth(slopes(({ revert }) => revert.bytes))).toBeLessThan(steady);
  });

  it.each(["status", "oneMore"] as const)("%s sends the same number of messages whatever is applied already", (of) => {
    const [small, , large] = sizes.map((size) => costs.get(size)?.[of].roundTrips ?? Number.NaN);
    expect(Math.abs((large ?? Number.NaN) - (small ?? Number.NaN))).toBeLessThanOrEqual(2);
  });

  it.each(["status", "oneMore"] as const)("%s is sent as much for each that is applied already", (of) => {
    expect(growth(slopes((found) => found[of].bytes))).toBeLessThan(steady);
  });
});
