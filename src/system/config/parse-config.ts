import { BelayError } from "../../errors.js";
import type { GateSpecification, Probe } from "../../gate/gate.js";
import { validateGate } from "../../gate/validate-gate.js";
import type { Config, Stage, Target } from "./config.js";
import { configSchema, type ParsedConfig, type ParsedGate } from "./schema.js";

/**
 * Turns what a config file holds into a Config. `${NAME}` in a URL or a header is taken from `environment`.
 * @throws BelayError `config-invalid` naming the file and the key.
 */
export function parseConfig(value: unknown, file: string, environment: NodeJS.ProcessEnv): Config {
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => {
      const place = issue.path.map(String).join(".");
      return place === "" ? issue.message : `${place}: ${issue.message}`;
    });
    throw invalid(file, faults.join("; "));
  }
  const expand = (text: string): string => expandEnvironment(text, file, environment);
  const config: Config = {
    targets: Object.entries(parsed.data.targets).map(([name, target]): Target => ({
      name,
      url: expand(target.url),
    })),
    stages: stagesOf(parsed.data),
    gates: Object.fromEntries(
      Object.entries(parsed.data.gates).map(([name, gate]) => [name, gateOf(name, gate, expand)]),
    ),
    policy: policyOf(parsed.data),
  };
  checkReferences(config, file);
  return config;
}

/** Without a config: one stage with one database of the sandbox. */
export function defaultConfig(): Config {
  return parseConfig({ targets: { main: { url: "embedded:main" } } }, "defaults", {});
}

function stagesOf({ stages, targets }: ParsedConfig): readonly Stage[] {
  const given =
    stages ?? Object.keys(targets).map((name) => ({ name, targets: [name], gates: [], bake: 0, approval: false }));
  return given.map(({ bake, ...stage }) => ({ ...stage, bakeMs: bake }));
}

function policyOf({ policy }: ParsedConfig): Config["policy"] {
  return {
    lock: { budgetMs: policy.lock.budget, patienceMs: policy.lock.patience, holdMs: policy.lock.hold },
    rehearsal: {
      required: policy.rehearsal.required,
      maxAgeMs: policy.rehearsal.maxAge,
      on: policy.rehearsal.on,
      sample: policy.rehearsal.sample,
    },
    rollBack: policy.rollBack,
    keepMs: policy.keep,
    vacuum: policy.vacuum,
    outOfOrder: policy.outOfOrder,
    differences: policy.differences,
    searchPath: policy.searchPath,
  };
}

function gateOf(name: string, gate: ParsedGate, expand: (text: string) => string): GateSpecification {
  const { count, duration } = gate;
  const measurements =
    count !== undefined ? ({ kind: "count", count } as const)
    : duration !== undefined ? ({ kind: "duration", durationMs: duration } as const)
    : undefined; // prettier-ignore
  const specification: GateSpecification = {
    name,
    probe: probeOf(gate, expand),
    phases: gate.phase,
    success: gate.success,
    failure: gate.failure,
    intervalMs: gate.interval,
    timeoutMs: gate.timeout,
    initialDelayMs: gate.initialDelay,
    measurements,
    consecutiveFailureLimit: gate.consecutiveFailureLimit,
    failureLimit: gate.failureLimit,
    consecutiveSuccess: gate.consecutiveSuccess,
    inconclusiveLimit: gate.inconclusiveLimit,
    consecutiveErrorLimit: gate.consecutiveErrorLimit,
  };
  validateGate(specification);
  return specification;
}

function probeOf(gate: ParsedGate, expand: (text: string) => string): Probe {
  switch (gate.probe) {
    case "sql":
      return { kind: "sql", query: gate.query };
    case "http": {
      const headers = Object.entries(gate.headers ?? {}).map(([name, value]) => [name, expand(value)]);
      return { kind: "http", url: gate.url, headers: Object.fromEntries(headers) };
    }
    case "command":
      return { kind: "command", run: gate.run };
  }
}

function checkReferences(config: Config, file: string): void {
  if (config.targets.length === 0) throw invalid(file, "targets: there is none");
  for (const { name, url } of config.targets) {
    // The url is not repeated: it may hold a password.
    if (!isDatabase(url))
      throw invalid(
        file,
        `targets.${name}.url is not a PostgreSQL URL: write postgres://user:password@host:port/database, or embedded:<name> for the sandbox`,
      );
  }
  const targets = new Set(config.targets.map((target) => target.name));
  const staged = config.stages.flatMap((stage) => stage.targets);
  for (const stage of config.stages) {
    for (const name of stage.targets) {
      if (!targets.has(name))
        throw invalid(
          file,
          `stages.${stage.name}.targets: there is no target "${name}"; known are ${[...targets].join(", ")}`,
        );
    }
    for (const name of stage.gates) {
      if (config.gates[name] === undefined)
        throw invalid(
          file,
          `stages.${stage.name}.gates: there is no gate "${name}"; known are ${Object.keys(config.gates).join(", ")}`,
        );
    }
  }
  const twice = staged.find((name, index) => staged.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(file, `stages: the target "${twice}" stands in two places`);
  const same = config.targets.find(
    ({ url }, index) => config.targets.findIndex((other) => other.url === url) !== index,
  );
  if (same !== undefined) throw invalid(file, `targets.${same.name}: another target is the same database`);
  const names = config.stages.map((stage) => stage.name);
  const sameName = names.find((name, index) => names.indexOf(name) !== index);
  if (sameName !== undefined) throw invalid(file, `stages: two are called "${sameName}"`);
}

function isDatabase(url: string): boolean {
  if (/^embedded:./.test(url)) return true;
  return /^postgres(ql)?:\/\//.test(url) && URL.canParse(url) && new URL(url).pathname.length > 1;
}

function expandEnvironment(text: string, file: string, environment: NodeJS.ProcessEnv): string {
  return text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const value = environment[name];
    if (value === undefined) throw invalid(file, `\${${name}} is used, but the environment has no ${name}`);
    return value;
  });
}

function invalid(file: string, message: string): BelayError {
  return new BelayError("usage", "config-invalid", `${file}: ${message}`, { hint: "README.md shows a whole config." });
}
