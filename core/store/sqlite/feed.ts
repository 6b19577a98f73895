import type { Announcement, Unannounced } from "../feed-port.ts";
import type { Database } from "./database.ts";
import { getIncident } from "./incidents.ts";
import { postMessage } from "./triage.ts";

/**
 * Triggers of this connection alone: whatever makes or changes an incident marks it in the same transaction, nothing can forget
 * to, and where there is no feed nothing of it runs. A mark that is there already stays as it is.
 */
const triggers = `
  CREATE TEMP TRIGGER IF NOT EXISTS incident_made AFTER INSERT ON main.incidents BEGIN
    INSERT OR IGNORE INTO unannounced (number, since) VALUES (NEW.number, 0);
  END;
  CREATE TEMP TRIGGER IF NOT EXISTS incident_changed AFTER UPDATE OF version ON main.incidents BEGIN
    INSERT OR IGNORE INTO unannounced (number, since) VALUES (NEW.number, OLD.version);
  END;
`;

/** Whether this connection marks what it changes. */
export function followIncidents(db: Database, on: boolean): void {
  db.handle.exec(on ? triggers : "DROP TRIGGER IF EXISTS incident_made; DROP TRIGGER IF EXISTS incident_changed;");
}

export function unannouncedIncidents(db: Database, limit: number): readonly Unannounced[] {
  const marked = db.all(
    "SELECT i.id, u.since FROM unannounced u JOIN incidents i ON i.number = u.number ORDER BY u.place LIMIT ?",
    limit,
  );
  return marked.flatMap(({ id, since }) => {
    const incident = getIncident(db, String(id));
    return incident === undefined ? [] : [{ key: incident.id, incident, since: Number(since) }];
  });
}

export function announce(db: Database, all: readonly Announcement[]): void {
  db.transaction(() => {
    for (const { key, version, messages } of all) {
      const mark = db.get(
        "SELECT u.since FROM unannounced u JOIN incidents i ON i.number = u.number WHERE i.id = ?",
        key,
      );
      // Another process was quicker.
      if (mark === undefined || Number(mark.since) >= version) continue;
      for (const message of messages) postMessage(db, message);
      const isDone = db.run(
        "DELETE FROM unannounced WHERE number = (SELECT number FROM incidents WHERE id = ? AND version = ?)",
        ...[key, version],
      );
      if (isDone === 1) continue;
      // It goes to the end: one that changes all the time holds up nobody.
      db.run(
        `INSERT OR REPLACE INTO unannounced (number, since)
         SELECT number, ? FROM incidents WHERE id = ?`,
        ...[version, key],
      );
    }
  });
}
