import type { Command } from "commander";
import type { Cli, JsonOption } from "../cli.ts";
import { readSecret } from "../secret.ts";
import { addSecretOptions } from "../source-options.ts";
import { collectOption, type Options } from "../values.ts";

interface DevOptions extends JsonOption {
  readonly source: string;
  readonly secret?: string;
  readonly secretStdin?: boolean;
  readonly secretFile?: string;
  readonly option?: Options;
  readonly port?: string;
}

export function pluginDev(plugin: Command, cli: Cli): void {
  const command = plugin
    .command("dev")
    .description("run a plugin in a throw-away gateway, take its changes at once, and show each delivery's journey")
    .argument("<path>", "a plugin's folder or module")
    .requiredOption("--source <name>", "the source that deliveries are sent to");
  addSecretOptions(command, "secret", "what the sender signs with (default: one that is made up)");
  command
    .option("--option <name=value>", "an option of the source, as of webhook add; may be repeated", collectOption)
    .option("--port <port>", "port to listen on, instead of TW_PORT; 0 takes a free one")
    .option("--json", "print JSON, an event a line, for programs")
    .action(async (path: string, { json, option, secretStdin, secretFile, ...said }: DevOptions) => {
      const { runDev } = await import("../plugin-kit/dev/run-dev.ts");
      const { tellJson, tellText } = await import("../plugin-kit/dev/tell.ts");
      const secret = await readSecret({ value: said.secret, stdin: secretStdin, file: secretFile }, cli);
      const wanted = {
        source: said.source,
        ...(secret !== undefined && { secret }),
        ...(option !== undefined && { options: option }),
        ...(said.port !== undefined && { port: said.port }),
      };
      await runDev(path, wanted, cli, json === true ? tellJson(cli) : tellText(cli));
    });
}
