// Runs one command of the built command line after the other, each with words, a folder and an environment of its own. See standing-belay.ts.
import { pathToFileURL } from "node:url";

const main = process.argv[2];
let count = 0;

process.on("message", async ({ args, cwd, env, mark }) => {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  process.argv = [process.argv[0], main, ...args];
  process.exitCode = 0;
  count += 1;
  // With another address the file is run anew; all that it imports stays.
  await import(`${pathToFileURL(main).href}?${count}`);
  const { exitCode } = process;
  process.exitCode = 0;
  process.stdout.write(mark);
  process.stderr.write(mark);
  process.send({ exitCode });
});
