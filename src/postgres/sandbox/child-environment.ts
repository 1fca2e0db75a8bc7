/** What passes from our environment to the server's: PG* variables, locales and preloaded libraries would change what it does. */
const PASSED: readonly string[] = ["PATH", "SystemRoot", "SystemDrive", "TEMP", "TMP", "TMPDIR"];

/** The environment of the server's programs: the same on every machine. */
export function childEnvironment(home?: string): NodeJS.ProcessEnv {
  const passed = PASSED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(passed), ...(home === undefined ? {} : { HOME: home }), LC_ALL: "C", TZ: "UTC" };
}
