import type { Command } from "commander";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";

export function storeMigrate(store: Command, cli: Cli): void {
  store
    .command("migrate")
    .description("make what the store in TW_STORE_URL needs: its schema, or indexes and shard keys; needs no gateway")
    .option(...jsonFlag)
    .action(async ({ json }: JsonOption) => {
      const { readSettings } = await import("../../config/settings.ts");
      const { migrateStore, withoutPassword } = await import("../../store/open.ts");
      const { storeUrl } = readSettings(cli.env);
      const all = await migrateStore(storeUrl);
      if (json === true) return cli.out.json({ store: withoutPassword(storeUrl), migrations: all });
      cli.out.line(`${withoutPassword(storeUrl)}:`);
      for (const { what, made } of all) {
        const mark = made ? cli.out.paint("green", "✔") : cli.out.paint("dim", "○");
        cli.out.line(`${mark} ${what}${made ? "" : cli.out.paint("dim", " (there already)")}`);
      }
    });
}
