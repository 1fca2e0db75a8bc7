import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BelayError } from "../../src/errors.js";
import { defaultConfig, parseConfig } from "../../src/system/config/parse-config.js";
import { selectTargets } from "../../src/system/config/select-targets.js";

const url = "postgres://u@h/d";
const main = { targets: { main: { url } } };

function errorOf(value: unknown, environment: NodeJS.ProcessEnv = {}): BelayError {
  try {
    parseConfig(value, "belay.config.json", environment);
  } catch (thrown) {
    if (thrown instanceof BelayError) return thrown;
    throw thrown;
  }
  throw new Error("the config was accepted");
}

describe("a config", () => {
  it.each<[string, unknown, readonly string[]]>([
    ["is no object", 7, ["belay.config.json"]],
    ["has an unknown key: it names the nearest", { ...main, gatess: {} }, ["gatess", '"gates"']],
    [
      "has an unknown key within",
      { ...main, policy: { lock: { bugdet: "1s" } } },
      ["policy.lock", "bugdet", '"budget"'],
    ],
    ["has an unknown key that is near none: it lists them", { ...main, zzzzzzzzzz: 1 }, ["targets, stages"]],
    ["has a bad duration", { ...main, policy: { lock: { patience: "soon" } } }, ["policy.lock.patience", "soon"]],
    ["has a number for a duration", { ...main, policy: { keep: 7 } }, ["policy.keep"]],
    ["has no targets", { targets: {} }, ["targets"]],
    ["has a target that is not there", { ...main, stages: [{ name: "a", targets: ["moon"] }] }, ["moon", "main"]],
    ["has a stage without targets", { ...main, stages: [{ name: "a", targets: [] }] }, ["stages.0.targets"]],
    [
      "has a gate that is not there",
      { ...main, stages: [{ name: "a", targets: ["main"], gates: ["moon"] }] },
      ["moon"],
    ],
    [
      "has a target in two stages",
      {
        ...main,
        stages: [
          { name: "a", targets: ["main"] },
          { name: "b", targets: ["main"] },
        ],
      },
      ["main", "two"],
    ],
    [
      "has two stages of one name",
      {
        targets: { main: { url }, other: { url: `${url}2` } },
        stages: [
          { name: "a", targets: ["main"] },
          { name: "a", targets: ["other"] },
        ],
      },
      ['"a"'],
    ],
    ["has one database under two names", { targets: { a: { url }, b: { url } } }, ["targets.b", "same database"]],
    [
      "has a gate for a phase that there is not",
      { ...main, gates: { g: { probe: "command", run: ["x"], phase: "between" } } },
      ["gates.g"],
    ],
    ["uses a variable that is not set", { targets: { main: { url: "postgres://${NO_SUCH}/x" } } }, ["NO_SUCH"]],
    ["has a probe of no kind", { ...main, gates: { g: { probe: "smell", phase: "after" } } }, ["gates.g"]],
    [
      "has a gate that can never be judged",
      { ...main, gates: { g: { probe: "sql", query: "select 1", phase: "after", success: { status: 200 } } } },
      ["g"],
    ],
  ])("that %s is refused as wrong usage", (_, value, named) => {
    const error = errorOf(value);
    expect(error.kind).toBe("usage");
    for (const word of named) expect(error.message).toContain(word);
  });

  it.each(["mysql://u:s3cret@h/d", "u:s3cret@h", "embedded:", "postgres://u:s3cret@h:port/d"])(
    "refuses the url %s without repeating it",
    (wrong) => {
      const error = errorOf({ targets: { main: { url: wrong } } });
      expect(error.message).toContain("targets.main.url");
      expect(`${error.message} ${error.hint}`).not.toContain("s3cret");
    },
  );

  it("takes ${NAME} in a url and in a header from the environment", () => {
    const gate = { probe: "http", url: "http://h/", headers: { authorization: "Bearer ${TOKEN}" }, phase: "after" };
    const config = parseConfig(
      {
        targets: { main: { url: "postgres://u:${PASSWORD}@h/d" } },
        gates: { api: { ...gate, success: { status: 200 } } },
      },
      "file",
      { PASSWORD: "p", TOKEN: "t" },
    );
    expect(config.targets[0]?.url).toBe("postgres://u:p@h/d");
    expect(config.gates["api"]?.probe).toMatchObject({ headers: { authorization: "Bearer t" } });
  });

  it("that says little has every default filled in", () => {
    const config = parseConfig({ targets: { a: { url }, b: { url: `${url}2` } } }, "file", {});
    expect(config.stages.map(({ name, targets }) => ({ name, targets }))).toEqual([
      { name: "a", targets: ["a"] },
      { name: "b", targets: ["b"] },
    ]);
    expect(config.policy).toMatchObject({
      lock: { budgetMs: 200, patienceMs: 300_000, holdMs: 10_000 },
      rehearsal: { required: true, on: "embedded" },
      rollBack: "rollout",
      keepMs: 604_800_000,
    });
    expect(defaultConfig().targets).toMatchObject([{ name: "main", url: "embedded:main" }]);
  });

  it("names the key of every misspelling by one letter", () => {
    fc.assert(
      fc.property(fc.constantFrom("targets", "stages", "gates", "policy"), fc.nat(7), (key, at) => {
        const misspelt = `${key.slice(0, at)}x${key.slice(at)}`;
        expect(errorOf({ ...main, [misspelt]: {} }).message).toContain(`did you mean "${key}"?`);
      }),
    );
  });
});

describe("the targets", () => {
  it("that are selected are all of them, or the one that is named, or an error that lists them", () => {
    const config = parseConfig({ targets: { a: { url }, b: { url: `${url}2` } } }, "file", {});
    expect(selectTargets(config, null)).toHaveLength(2);
    expect(selectTargets(config, "b").map(({ name }) => name)).toEqual(["b"]);
    expect(() => selectTargets(config, "c")).toThrow(expect.objectContaining({ hint: "Known: a, b." }));
  });
});
