/**
 * The name of everything that a span says. First those of the semantic conventions
 * (https://opentelemetry.io/docs/specs/semconv/), then Thruway's own. What a sender wrote is no value of any of them: no body,
 * no token, no query, no address, no name of a source that is not registered.
 */
export const attributes = {
  method: "http.request.method",
  route: "http.route",
  status: "http.response.status_code",
  /** Only with the name of a registered source in it, and without what follows `/t/`. */
  path: "url.path",
  /** The error code, or the outcome of what failed without one. */
  error: "error.type",
  server: "server.address",
  port: "server.port",
  database: "db.system.name",

  delivery: "tw.delivery.id",
  source: "tw.source",
  plugin: "tw.plugin",
  outcome: "tw.outcome",
  /** Whether an operator tests the source. */
  test: "tw.test",
  incidents: "tw.incident.numbers",
  /** Which try of a worker it is, from 1 on. */
  attempt: "tw.attempt",
  /** What triages, and what a step of it does. */
  playbook: "tw.playbook",
  action: "tw.action",
  /** How many deliveries share a commit, kept or not. */
  deliveries: "tw.commit.deliveries",
} as const;
