import { Readable } from "node:stream";
import type Router from "@koa/router";
import joi from "joi";
import { type ExportFormat, exportFormats, writerOf } from "../../incidents/export/formats.ts";
import type { OcsfClass } from "../../incidents/export/ocsf.ts";
import { exported } from "../../incidents/export/stream.ts";
import type { IncidentQuery, IncidentStore } from "../../store/ports.ts";
import type { Middleware, State } from "../context.ts";
import { ocsfClass } from "../export-format.ts";
import { incidentQuery } from "../incident-query.ts";
import { readQuery } from "../query.ts";

interface ExportQuery extends Omit<IncidentQuery, "limit" | "after" | "includeTests"> {
  readonly include_tests: boolean;
  readonly format: ExportFormat;
  readonly class?: OcsfClass;
}

/** What the list of incidents takes, but for its pages. */
export const exportQuery: joi.ObjectSchema<ExportQuery> = (incidentQuery as joi.ObjectSchema)
  // In the order of their making: what changes while it is read would move in any other.
  .fork(["limit", "cursor", "sort", "facets"], () => joi.forbidden())
  .keys({
    format: joi
      .string()
      .valid(...exportFormats)
      .required(),
    class: ocsfClass,
  });

const pageSize = 200;

/** `/api/incidents/export`: all that the filters let through, as a stream. */
export function incidentExportRoutes(
  router: Router<State>,
  manage: readonly Middleware[],
  incidents: IncidentStore,
): void {
  router.get("/api/incidents/export", ...manage, async (ctx) => {
    const { format, class: as, include_tests: includeTests, ...filter } = readQuery(ctx, exportQuery);
    const writer = writerOf(format, as);
    const pieces = exported(
      (after) => incidents.list({ ...filter, includeTests, limit: pageSize, ...(after !== undefined && { after }) }),
      writer,
    );
    // A store that is away is found out while there is still an answer to give; later on, the connection breaks off.
    const first = await pieces.next();
    ctx.type = writer.mediaType;
    ctx.body = Readable.from(continued(first, pieces), { objectMode: false });
  });
}

async function* continued(
  first: IteratorResult<string, void>,
  rest: AsyncGenerator<string, void, undefined>,
): AsyncGenerator<string, void, undefined> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}
