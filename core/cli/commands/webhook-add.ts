import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { connect } from "../client.ts";
import { withPlugin } from "../presets.ts";
import { readSecret } from "../secret.ts";
import {
  addSecretOptions,
  addSourceOptions,
  type ChangedSource,
  printChanged,
  type SourceOptions,
  sourceFields,
} from "../source-options.ts";

export function webhookAdd(webhook: Command, cli: Cli): void {
  const command = webhook
    .command("add")
    .description("register a source")
    .argument("<source>", "its name, as it stands in the address it sends to");
  addSecretOptions(command, "secret", "what the sender signs with");
  addSourceOptions(command).action(async (source: string, said: SourceOptions) => {
    const api = connect(cli.env);
    const secret = await readSecret({ value: said.secret, stdin: said.secretStdin, file: said.secretFile }, cli);
    const body = { source, ...(secret !== undefined && { secret }), ...sourceFields(await withPlugin(said, api)) };
    const added = await api.post<ChangedSource>("/api/webhooks", body);
    printChanged(added, "is registered", api.url, said, cli);
  });
}
