import { parseStatements } from "../sql/parse.js";
import { withSession } from "../postgres/session/session.js";

/** Runs an artifact's file as a bare driver would: statement by statement, on a connection of its own. Gives what the server said. */
export async function runArtifactFile(url: string, text: string): Promise<readonly string[]> {
  const statements = await parseStatements(text, "the artifact");
  return withSession(url, { applicationName: "belay-rehearsal/artifact" }, async (session) => {
    const notices: string[] = [];
    // A scratch copy may have the ledger of its original.
    await session.query("SET belay.accept_copy = on");
    // What of a way back is sealed is to be proved; a rollout asks whether it is enough.
    await session.query("SET belay.accept_loss = on");
    session.client.on("notice", (notice) => notices.push(notice.message ?? ""));
    for (const statement of statements) await session.query(statement.text);
    return notices;
  });
}
