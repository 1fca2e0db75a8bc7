import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const room = fileURLToPath(new URL("../../src/sql", import.meta.url));

test("the parser, which is slow to load, is loaded by nothing but a call that needs it", () => {
  const files = readdirSync(room, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const texts = files.map((name) => readFileSync(`${room}/${name}`, "utf8"));
  const statically = texts.flatMap((text) => text.match(/^(?:import|export) (?!type )[^;]*"libpg-query";/gm) ?? []);
  const onDemand = texts.flatMap((text) => text.match(/await import\("libpg-query"\)/g) ?? []);
  expect({ statically, onDemand }).toEqual({ statically: [], onDemand: ['await import("libpg-query")'] });
});
