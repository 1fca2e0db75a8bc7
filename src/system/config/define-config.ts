import type { ConfigInput } from "./schema.js";

/**
 * Gives a config its type, and gives it back. Durations are written `200ms`, `10s`, `5m`, `2h`, `7d`.
 * @param config targets, stages, gates and policy.
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
