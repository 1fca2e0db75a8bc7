import { describe, expect, it } from "vitest";
import { pluralise, singularise } from "../../src/proposal/inflection.js";

const PAIRS = [
  ["task_run", "task_runs"],
  ["category", "categories"],
  ["day", "days"],
  ["soliloquy", "soliloquies"],
  ["box", "boxes"],
  ["match", "matches"],
  ["wish", "wishes"],
  ["address", "addresses"],
  ["status", "statuses"],
  ["alias", "aliases"],
  ["bus", "buses"],
  ["analysis", "analyses"],
  ["datum", "data"],
  ["medium", "media"],
  ["person", "people"],
  ["sales_person", "sales_people"],
  ["child", "children"],
  ["woman", "women"],
  ["move", "moves"],
  ["zombie", "zombies"],
  ["knife", "knives"],
  ["half", "halves"],
  ["hive", "hives"],
  ["archive", "archives"],
  ["tomato", "tomatoes"],
  ["photo", "photos"],
  ["shoe", "shoes"],
  ["movie", "movies"],
  ["quiz", "quizzes"],
  ["ox", "oxen"],
  ["mouse", "mice"],
  ["matrix", "matrices"],
  ["vertex", "vertices"],
  ["virus", "viri"],
  ["crisis", "crises"],
  ["axis", "axes"],
  ["database", "databases"],
  ["series", "series"],
  ["sheep", "sheep"],
  ["information", "information"],
  ["leaf", "leafs"],
] as const;

describe("plurals", () => {
  it.each(PAIRS)("are formed as Rails forms them: %s, %s", (singular, plural) => {
    expect(pluralise(singular)).toBe(plural);
    expect(pluralise(plural)).toBe(plural);
  });

  it.each(PAIRS.filter(([singular]) => singular !== "axis"))(
    "are taken back as Rails does: %s, %s",
    (singular, plural) => {
      expect(singularise(plural)).toBe(singular);
      expect(singularise(singular)).toBe(singular);
    },
  );

  it("keep the capitals of a word", () => {
    expect(pluralise("Person")).toBe("People");
    expect(singularise("SalesPeople")).toBe("SalesPerson");
  });
});
