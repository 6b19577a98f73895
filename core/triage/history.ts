import type { IncidentStore } from "../store/ports.ts";
import type { History } from "./ports.ts";

/** @param store finds incidents by what they hold */
export function historyOf(store: Pick<IncidentStore, "list">): History {
  return {
    async find({ type, value }, since, limit) {
      const entity = [`${type}:${value}`];
      const { data } = await store.list({ limit, since: since.toISOString(), entity, includeTests: false });
      return data;
    },
  };
}
