import type { Cli } from "../cli.ts";
import { type Format, printable } from "../text.ts";
import type { ThrowAway } from "../throw-away.ts";
import type { Delivered } from "./send-samples.ts";
import type { TriagedMail } from "./triage-mails.ts";

/** One line for each source and what became of its samples. */
export function printDelivered(sent: readonly Delivered[], { out }: Cli): void {
  const groups = Map.groupBy(sent, ({ source, status }) => `${source} ${status}`);
  const widest = Math.max(...sent.map(({ source }) => source.length));
  for (const group of groups.values()) {
    const [{ source, status } = { source: "", status: "" }] = group;
    const [mark, format] = markOf(status);
    const reasons = new Set(group.map(({ sample, message }) => message && `${sample}: ${printable(message)}`));
    out.line(
      `${out.paint(format, mark)} ${source.padEnd(widest)}  ${String(group.length).padStart(3)} ${out.paint(format, status)}`,
    );
    for (const reason of reasons) if (reason) out.line(out.paint("dim", `      ${reason}`));
  }
}

function markOf(status: string): readonly [string, Format] {
  if (status === "accepted") return ["✔", "green"];
  return status === "ignored" ? ["○", "dim"] : ["✘", "red"];
}

/** What a reader may want to try while the gateway is up. */
export function printNext(
  {
    gateway: { url },
    folder,
    triaged,
  }: Pick<ThrowAway, "gateway" | "folder"> & { readonly triaged: readonly TriagedMail[] },
  { out, env }: Cli,
): void {
  // Under `npm run`, the command is in the checkout and not on the reader's PATH.
  const command = env.npm_lifecycle_event === undefined ? "tw-cli" : "npx tw-cli";
  const commands = [
    ...triaged.slice(0, 1).map(({ incident_number: number }) => `incident show ${number} --why`),
    "incident list --severity critical,high",
    "webhook test demo-generic",
    "delivery list --outcome ignored",
    "webhook add email-gateway --secret-stdin --playbook phishing_triage",
  ];
  out.line(`
It stays up until Ctrl-C and leaves nothing behind. In another terminal:

  ${out.paint("bold", `export TW_API_URL=${url} TW_DATA_DIR=${folder}`)}`);
  for (const each of commands) out.line(`  ${command} ${each}`);
  out.line(`  curl -H "Authorization: Bearer $(cat "$TW_DATA_DIR/admin.token")" ${url}/api/incidents`);
}
