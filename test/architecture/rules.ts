import { matchesGlob } from "node:path";
import { computed, type Modules } from "./modules.ts";

/** Globs name modules by their path from the root of the project, and packages by their name. */
export interface Rule {
  readonly sentence: string;
  readonly modules: string;
  readonly except?: readonly string[];
  /** What they may import; `{own}` is a plugin's own folder. Whatever is not named is forbidden. */
  readonly only?: readonly string[];
  readonly never?: readonly string[];
}

const koa = ["koa", "koa-body", "@koa/*"];
const container = ["tsyringe", "reflect-metadata"];
const drivers = ["node:sqlite", "mongodb"];
/** `node:net` is not among them: it also tells what an address is. */
const connections = ["node:http*", "node:tls", "node:dns", "node:dns/*", "node:dgram"];
/** Each folder of `core/store` is an implementation. */
const stores = "core/store/*/**";

/** One way only: plugins and core import the SDK, which imports nothing of ours; inside the core, http and cli stand on top. */
export const rules: readonly Rule[] = [
  {
    sentence: "the SDK imports joi, node: and itself, and for tokens jose",
    modules: "sdk/**",
    except: ["sdk/expression/**"],
    only: ["joi", "jose", "node:*", "node:*/*", "sdk/**"],
  },
  {
    sentence: "only bearer-jwt.ts knows jose",
    modules: "{core,sdk,plugins}/**",
    except: ["sdk/signature/bearer-jwt.ts"],
    never: ["jose", "jose/*"],
  },
  {
    sentence: "the SDK opens no connection: what it needs is handed to it",
    modules: "sdk/**",
    never: connections,
  },
  {
    sentence: "the SDK's expression/ imports jsonata, node: and itself",
    modules: "sdk/expression/**",
    only: ["jsonata", "node:*", "sdk/expression/**"],
  },
  {
    sentence: "who wants no expression loads no JSONata",
    modules: "sdk/**",
    except: ["sdk/expression/**"],
    never: ["sdk/expression/**"],
  },
  {
    sentence: "a plugin imports the SDK, joi, node: and its own folder",
    modules: "plugins/**",
    only: ["@thruway/sdk", "@thruway/sdk/expression", "joi", "node:*", "node:*/*", "{own}/**"],
  },
  {
    sentence: "a plugin receives everything and fetches nothing",
    modules: "plugins/**",
    never: ["node:fs", "node:fs/*", ...connections, "node:child_process"],
  },
  {
    sentence: "the core imports no plugin",
    modules: "core/**",
    never: ["plugins/**"],
  },
  {
    sentence: "only the registry imports what it is told to",
    modules: "{core,sdk,plugins}/**",
    except: ["core/registry/load.ts"],
    never: [computed],
  },
  {
    sentence: "the core enters the SDK by its doors",
    modules: "core/**",
    never: ["sdk/**"],
  },
  {
    sentence: "only compose.ts and token.ts know the container",
    modules: "{core,sdk,plugins}/**",
    except: ["core/compose.ts", "core/token.ts"],
    never: container,
  },
  {
    sentence: "token.ts imports the container and nothing else",
    modules: "core/token.ts",
    only: ["tsyringe"],
  },
  {
    sentence: "what makes the product knows the ports, and no server, container, driver or store",
    modules: "core/{ingest,fetch,triage,runs,sources,incidents,retention}/**",
    never: [...koa, ...container, ...drivers, stores, "core/{http,cli}/**", "core/{main,compose,token}.ts"],
  },
  {
    sentence: "only http knows Koa",
    modules: "core/**",
    except: ["core/http/**"],
    never: koa,
  },
  {
    sentence: "http stands on top: only main.ts and compose.ts import it",
    modules: "core/**",
    except: ["core/http/**", "core/main.ts", "core/compose.ts"],
    never: ["core/http/**"],
  },
  {
    sentence: "cli stands on top: nothing else imports it or its libraries",
    modules: "core/**",
    except: ["core/cli/**"],
    never: ["core/cli/**", "commander", "cli-table3"],
  },
  {
    sentence: "only what starts and serves knows that there may be a supervisor",
    modules: "core/**",
    except: ["core/supervise/**", "core/cli/**", "core/main.ts", "core/http/server.ts"],
    never: ["core/supervise/**"],
  },
  {
    sentence: "only a supervisor starts processes",
    modules: "core/**",
    except: ["core/supervise/worker-slot.ts"],
    never: ["node:child_process", "node:cluster"],
  },
  {
    sentence: "only main.ts composes, and only cli starts it",
    modules: "core/**",
    except: ["core/main.ts", "core/cli/**"],
    never: ["core/{main,compose}.ts"],
  },
  {
    sentence: "only open.ts knows which stores there are",
    modules: "core/**",
    except: ["core/store/open.ts", stores],
    never: [stores],
  },
  {
    sentence: "only a store knows its driver",
    modules: "core/**",
    except: [stores],
    never: drivers,
  },
  {
    sentence: "only span-sink.ts knows OpenTelemetry, and it is loaded where it is needed",
    modules: "{core,sdk,plugins}/**",
    except: ["core/telemetry/span-sink.ts"],
    never: ["@opentelemetry/*"],
  },
];

/** The imports that break the rule, one line each. */
export function violations(modules: Modules, rule: Rule): readonly string[] {
  const found: string[] = [];
  for (const [module, imports] of modules) {
    if (!matchesGlob(module, rule.modules) || matches(module, rule.except ?? [])) continue;
    const own = module.split("/").slice(0, 2).join("/");
    const only = rule.only?.map((glob) => glob.replace("{own}", own));
    for (const imported of imports) {
      const isForbidden = matches(imported, rule.never ?? []) || (only !== undefined && !matches(imported, only));
      if (isForbidden) found.push(`${module} imports ${imported}`);
    }
  }
  return found;
}

function matches(name: string, globs: readonly string[]): boolean {
  return globs.some((glob) => matchesGlob(name, glob));
}
