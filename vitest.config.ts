import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take longest begin first, so that both workers have something to do until the end. */
const longest = ["story/story", "derive/build", "faults/d", "backfill/", "online/live", "cli/", "cases/", "faults/"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = longest.findIndex((path) => moduleId.includes(`/test/${path}`));
      return found === -1 ? longest.length : found;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  resolve: { alias: { belay: fileURLToPath(new URL("./src/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    setupFiles: ["test/support/setup-file.ts"],
    // A test may start many processes, and others may want the machine too.
    testTimeout: 240_000,
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
    // A worker reads a module once, not once for each of its files.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    tags: [
      { name: "whole", description: "What `npm test` leaves out of a large family: npm run test:whole takes it." },
    ],
  },
});
