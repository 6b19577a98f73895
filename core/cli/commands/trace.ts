import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import type { Incident } from "../../incidents/incident.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { type Api, ApiError, connect } from "../client.ts";
import { count, timeUtc } from "../text.ts";
import { connectJaeger, type Jaeger, type ShownTrace } from "../trace/jaeger.ts";
import { drawWaterfall, inTime } from "../trace/waterfall.ts";

export function trace(program: Command, cli: Cli): void {
  program
    .command("trace")
    .description("draw what happened to an event, and how long each part took, from Jaeger")
    .argument("<id>", "an incident's number or id, a delivery's id, or a trace's")
    .option(...jsonFlag)
    .action(async (id: string, { json }: JsonOption) => {
      const jaeger = connectJaeger(cli.env);
      const found = await findTrace(id, jaeger, cli);
      if (json === true) return cli.out.json(found);
      const { trace_id, started_at, duration_us, spans } = found;
      const parts = [`trace ${trace_id}`, timeUtc(started_at), inTime(duration_us), count(spans.length, "span")];
      cli.out.line(`${parts.join(", ")}\n`);
      drawWaterfall(found, cli.out);
    });
}

const traceIdPattern = /^[0-9a-f]{32}$/i;

/** @throws {UserError} where there is no such thing, or no trace of it was kept */
async function findTrace(id: string, jaeger: Jaeger, cli: Cli): Promise<ShownTrace> {
  if (traceIdPattern.test(id)) {
    const found = await jaeger.trace(id.toLowerCase());
    if (found === undefined) throw new UserError(`Jaeger at ${jaeger.url} has no trace ${id}`);
    return found;
  }
  for (const { trace_id, delivery } of await placesOf(id, connect(cli.env))) {
    const found = trace_id === null ? await jaeger.traceOfDelivery(delivery) : await jaeger.trace(trace_id);
    if (found !== undefined) return found;
  }
  throw new UserError(
    `Jaeger at ${jaeger.url} has no trace of ${id}: it was not kept, has not arrived yet (a few seconds), or is too old`,
  );
}

/** Where a trace may be: as it is named, or by what it is about. */
interface Place {
  readonly trace_id: string | null;
  readonly delivery: string;
}

const mostLookedAt = 10;

/** Of an incident the trace that it was made in, then those of its deliveries, the newest first. */
async function placesOf(id: string, api: Api): Promise<readonly Place[]> {
  const incident = await found<Incident>(api, `/api/incidents/${encodeURIComponent(id)}`);
  if (incident === undefined) {
    const delivery = await found<{ readonly id: string; readonly trace_id: string | null }>(
      api,
      `/api/deliveries/${encodeURIComponent(id)}`,
    );
    if (delivery === undefined) throw new UserError(`There is no incident and no delivery '${id.slice(0, 63)}'`);
    return [{ trace_id: delivery.trace_id, delivery: delivery.id }];
  }
  const { trace_id, deliveries } = incident;
  const [first = ""] = deliveries;
  const others = deliveries.toReversed().slice(0, mostLookedAt);
  return [
    ...(trace_id === null ? [] : [{ trace_id, delivery: first }]),
    ...others.map((delivery) => ({ trace_id: null, delivery })),
  ];
}

async function found<T>(api: Api, path: string): Promise<T | undefined> {
  try {
    return await api.get<T>(path);
  } catch (error) {
    if (error instanceof ApiError && error.code === "not_found") return undefined;
    throw error;
  }
}
