import type Router from "@koa/router";
import joi from "joi";
import { Refusal } from "../../errors.ts";
import type { TriageStore } from "../../store/triage-port.ts";
import type { Actions } from "../../triage/compile.ts";
import { type Library, type Listed, libraryOf } from "../../triage/library.ts";
import { largestPlaybook } from "../../triage/limits.ts";
import type { Tried, TryOn } from "../../triage/try.ts";
import type { Context, Middleware, State } from "../context.ts";
import { readJson } from "../read-json.ts";

export interface PlaybookRoutesDependencies {
  readonly store: TriageStore;
  readonly library: () => Library;
  /** Resolves once what is stored is known here. */
  readonly refresh: () => Promise<void>;
  readonly actions: Actions;
  readonly tryPlaybook: (name: string, on: TryOn) => Promise<Tried>;
  readonly now: () => Date;
}

const textSchema = joi
  .object<{ readonly text: string }>({ text: joi.string().max(largestPlaybook).required() })
  .required();

const tryingSchema = joi
  .object<{ readonly incident?: string; readonly payload?: unknown; readonly plugin: string }>({
    incident: joi.string().max(100),
    payload: joi.any(),
    plugin: joi.string().default("auto"),
  })
  .xor("incident", "payload")
  .required();

/** `/api/playbooks`: what triages the incidents; a playbook of the API has a version of its own for each change. */
export function playbookRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  { store, library, refresh, actions, tryPlaybook, now }: PlaybookRoutesDependencies,
): void {
  const current: readonly Middleware[] = [
    ...manage,
    async (_, next) => {
      await refresh();
      await next();
    },
  ];

  router.get("/api/playbooks", ...current, (ctx) => {
    ctx.body = { data: library().all.map(summary), meta: { next_cursor: null } };
  });
  router.post("/api/playbooks", ...current, async (ctx) => {
    const { text } = readJson(ctx, textSchema);
    const others = library().all.filter(({ origin }) => origin !== "api");
    const mine = libraryOf([...others, { file: "playbook", text, origin: "folder" }], actions).all.find(
      ({ file }) => file === "playbook",
    );
    if (mine?.playbook === undefined) throw mistaken(mine?.mistakes ?? []);
    const { name, version } = mine.playbook;
    if (others.some((each) => each.name === name && each.origin === "folder")) {
      throw new Refusal("playbook_read_only", { message: `The playbook '${name}' comes from a file; change it there` });
    }
    if (!(await store.putPlaybook({ name, version, text, created_at: now().toISOString() }))) {
      throw new Refusal("playbook_exists", {
        message: `Version '${version}' of '${name}' is there already; give what you changed another version`,
      });
    }
    await refresh();
    ctx.status = 201;
    ctx.set("location", `/api/playbooks/${name}`);
    ctx.body = shown(find(name, library()));
  });
  router.get("/api/playbooks/:name", ...current, async (ctx) => {
    const listed = find(nameIn(ctx), library());
    const versions = (await store.playbooks()).filter(({ name }) => name === listed.name);
    ctx.body = { ...shown(listed), versions: versions.map(({ version, created_at }) => ({ version, created_at })) };
  });
  router.delete("/api/playbooks/:name", ...current, async (ctx) => {
    const listed = find(nameIn(ctx), library());
    if (!(await store.removePlaybook(listed.name))) {
      throw new Refusal("playbook_read_only", { message: `The playbook '${listed.name}' comes from a file` });
    }
    await refresh();
    ctx.status = 204;
  });
  router.post("/api/playbooks/:name/try", ...current, async (ctx) => {
    const { incident, payload, plugin } = readJson(ctx, tryingSchema);
    ctx.body = await tryPlaybook(nameIn(ctx), incident === undefined ? { payload, plugin } : { incident });
  });
}

function nameIn(ctx: Context): string {
  return String(ctx.params.name);
}

/** @throws {Refusal} not_found */
function find(name: string, library: Library): Listed {
  const listed = library.all.find((each) => each.name === name);
  if (listed === undefined) throw new Refusal("not_found", { message: `There is no playbook '${name.slice(0, 100)}'` });
  return listed;
}

/** A playbook in a list. */
function summary({ name, origin, playbook, mistakes }: Listed): object {
  const { version = null, definition } = playbook ?? {};
  const { description = null, triggers = {} } = definition ?? {};
  return { name, version, description, origin, triggers, mistakes: mistakes.length };
}

function shown(listed: Listed): object {
  return { ...summary(listed), text: listed.text, mistakes: listed.mistakes };
}

function mistaken(mistakes: Listed["mistakes"]): Refusal {
  const details = mistakes.map(({ line, column, path, message }) => ({
    path: path === "" ? `${line}:${column}` : `${line}:${column} ${path}`,
    message,
  }));
  return new Refusal("invalid_playbook", { details });
}
