import { afterEach, expect, test, vi } from "vitest";
import { childEnvironment } from "../../src/postgres/sandbox/child-environment.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

test("the server's programs see our PATH, and none of what would change their work", () => {
  for (const name of ["PGDATA", "PGPORT", "LC_MESSAGES", "LANG", "LD_PRELOAD"]) vi.stubEnv(name, "odd");
  vi.stubEnv("LC_ALL", "xx_YY.nonsense");
  vi.stubEnv("TZ", "Asia/Tokyo");
  vi.stubEnv("PATH", "/somewhere");
  const environment = childEnvironment("/home/of/the/server");
  expect(environment).toMatchObject({ PATH: "/somewhere", HOME: "/home/of/the/server", LC_ALL: "C", TZ: "UTC" });
  expect(Object.values(environment)).not.toContain("odd");
});
