import { hash } from "node:crypto";

/** What a vendor's alert is told apart by, in every store the same: a hash, so that it is short and holds no vendor's signs. */
export function alertKey(source: string, externalId: string): string {
  return `alert ${hash("sha256", `${source}\0${externalId}`, "base64url")}`;
}
