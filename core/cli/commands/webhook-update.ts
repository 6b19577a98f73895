import { type Command, Option } from "commander";
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

interface UpdateOptions extends SourceOptions {
  readonly addSecret?: string;
  readonly addSecretStdin?: boolean;
  readonly addSecretFile?: string;
}

export function webhookUpdate(webhook: Command, cli: Cli): void {
  const command = webhook
    .command("update")
    .description("change the fields that are said; --option and --severity-mapping replace all there were")
    .argument("<source>");
  const exclusive = ["secret", "add-secret"];
  addSecretOptions(command, "secret", "the one secret from now on, instead of all others", exclusive);
  addSecretOptions(command, "add-secret", "a new secret beside those there are", exclusive);
  addSourceOptions(command)
    .option("--no-playbook", "no playbook any more")
    .option("--no-tolerance-seconds", "as the plugin says")
    .option("--no-rate-limit", "no limit any more")
    .option("--no-grouping", "each alert is an incident of its own again")
    .addOption(new Option("--enabled", "take deliveries again").conflicts("disabled"))
    .action(async (source: string, said: UpdateOptions) => {
      const changes = { ...sourceFields(said), ...(await secretFields(said, cli)) };
      if (Object.keys(changes).length === 0) {
        command.error("error: name something to change; tw-cli webhook update --help lists what there is");
      }
      const api = connect(cli.env);
      const { plugin } = await withPlugin(said, api);
      const changed = await api.patch<ChangedSource>(`/api/webhooks/${encodeURIComponent(source)}`, {
        ...changes,
        ...(plugin !== undefined && { plugin }),
      });
      printChanged(changed, "is changed", api.url, said, cli);
    });
}

async function secretFields(said: UpdateOptions, cli: Cli): Promise<Readonly<Record<string, string>>> {
  const secret = await readSecret({ value: said.secret, stdin: said.secretStdin, file: said.secretFile }, cli);
  const added = await readSecret({ value: said.addSecret, stdin: said.addSecretStdin, file: said.addSecretFile }, cli);
  return { ...(secret !== undefined && { secret }), ...(added !== undefined && { add_secret: added }) };
}
