import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../src", import.meta.url));

/** The house, from the ground up; a room imports from its own floor's earlier rooms and from the floors below. */
const floors: readonly (readonly string[])[] = [
  ["errors.ts"],
  ["snapshot", "journal", "gate"],
  ["progress.ts"],
  ["sql", "change"],
  ["proposal", "plan", "artifact", "hazard", "preflight"],
  ["system"],
  ["postgres"],
  ["authoring", "rehearsal", "rollout"],
  ["audit", "revert"],
  ["present"],
  ["index.ts"],
  ["cli"],
  ["story"],
];

/** What only one room may import. */
const owners: { readonly [module: string]: string } = {
  "libpg-query": "sql",
  pg: "postgres",
  knex: "postgres",
  umzug: "postgres",
  yargs: "cli",
  "@clack/prompts": "cli",
  "mdast-util-from-markdown": "proposal",
};

interface Import {
  readonly file: string;
  readonly from: string;
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const imports = files.flatMap(importsOf);

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^\s*(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm)].map(
    ([, from, dynamic]) => ({ file, from: from ?? dynamic ?? "" }),
  );
}

function roomOf(file: string): string {
  return file.split("/")[0] ?? "";
}

function floorOf(room: string): number {
  return floors.findIndex((rooms) => rooms.includes(room));
}

function roomImported({ file, from }: Import): string {
  return roomOf(relative(root, resolve(root, dirname(file), from)));
}

describe("the house", () => {
  it("is read: there are files, and they import each other", () => {
    expect(files.length).toBeGreaterThan(100);
    expect(imports.length).toBeGreaterThan(300);
  });

  it("has only rooms that stand on a floor", () => {
    expect([...new Set(files.map(roomOf))].filter((room) => floorOf(room) === -1)).toEqual([]);
  });

  it("lets imports point down, never up", () => {
    const upwards = imports
      .filter(({ from }) => from.startsWith("."))
      .filter((one) => floorOf(roomImported(one)) > floorOf(roomOf(one.file)))
      .map(({ file, from }) => `${file} imports ${from}`);
    expect(upwards).toEqual([]);
  });

  it("keeps the rooms of the ground floor apart from each other", () => {
    const between = imports
      .filter(({ file, from }) => from.startsWith(".") && floorOf(roomOf(file)) === 1)
      .filter((one) => floorOf(roomImported(one)) === 1 && roomImported(one) !== roomOf(one.file))
      .map(({ file, from }) => `${file} imports ${from}`);
    expect(between).toEqual([]);
  });

  it("gives each driver and library one room that imports it", () => {
    const strays = imports
      .filter(({ file, from }) => owners[from] !== undefined && owners[from] !== roomOf(file))
      .map(({ file, from }) => `${file} imports ${from}`);
    expect(strays).toEqual([]);
  });

  it("keeps I/O, clocks, randomness and the console out of the pure rooms", () => {
    const impure =
      /\bconsole\.|\bDate\.now\b|new Date\(\)|\bMath\.random\b|from "node:(?!crypto"|buffer"|util")|\bprocess\./;
    const pure = files.filter((file) => floorOf(roomOf(file)) <= floorOf("hazard") || roomOf(file) === "present");
    const found = pure.filter((file) => impure.test(withoutComments(readFileSync(join(root, file), "utf8"))));
    expect(found).toEqual([]);
  });

  it("prints and exits only in the command line, and throws only its own errors", () => {
    const loud = /\bconsole\.|\bprocess\.(?:exit|exitCode|stdout|stderr)\b/;
    const bare = /throw new (?:Error|TypeError|RangeError)\b/;
    const text = (file: string): string => withoutComments(readFileSync(join(root, file), "utf8"));
    const outside = files.filter((file) => !["cli", "story"].includes(roomOf(file)));
    expect(outside.filter((file) => loud.test(text(file)))).toEqual([]);
    expect(files.filter((file) => bare.test(text(file)))).toEqual([]);
  });

  it("has no file that is too long to hold one decision", () => {
    const long = files.filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 400);
    expect(long).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
}
