import type { FindingView } from "./findings-text.js";

const sarifLevels = { error: "error", warning: "warning", info: "note" } as const;

/** SARIF 2.1.0 (OASIS): one run, one result a finding. */
export function sarifText(findings: readonly FindingView[], version: string): readonly string[] {
  const rules = [...new Set(findings.map(({ rule }) => rule))].map((id) => ({ id }));
  const results = findings.map(({ rule, severity, file, line, message }) => ({
    ruleId: rule,
    level: sarifLevels[severity],
    message: { text: message },
    locations:
      file === null
        ? []
        : [{ physicalLocation: { artifactLocation: { uri: file }, region: { startLine: line ?? 1 } } }],
  }));
  const run = { tool: { driver: { name: "belay", version, rules } }, results };
  return [
    JSON.stringify(
      { $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] },
      null,
      2,
    ),
  ];
}

const commands = { error: "error", warning: "warning", info: "notice" } as const;

/** Workflow commands that a GitHub job turns into annotations. */
export function githubText(findings: readonly FindingView[]): readonly string[] {
  return findings.map(({ rule, severity, file, line, message }) => {
    const place = file === null ? "" : `file=${property(file)},line=${line ?? 1},`;
    return `::${commands[severity]} ${place}title=${property(rule)}::${data(message)}`;
  });
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
