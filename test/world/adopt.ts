import { openTarget } from "../../src/postgres/session/open-target.js";
import { admissionTo } from "../../src/revert/admission.js";

const settings = { searchPath: "public", actor: "test", rollout: null, operatorPatienceMs: 1_000 };

/** Makes a copied database the one that its ledger knows, as a person does who accepts the copy: one more entry, where a rollout has been there. */
export async function adopt(target: string, url: string): Promise<void> {
  const admission = admissionTo(target, settings.searchPath, { copies: [target], renamed: [] });
  const open = await openTarget({ ...settings, name: target, url, note: () => undefined });
  try {
    await admission.admit(open.operator);
    await admission.settle(open);
  } finally {
    await open.close();
  }
}
