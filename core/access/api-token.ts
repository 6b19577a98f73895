import { hash, randomInt, timingSafeEqual } from "node:crypto";
import type { TokenRecord, TokenStore } from "../store/ports.ts";

/** API tokens look like `tw_<6>_<32>`: an id to look them up by, and a secret of 190 bits. Only a hash is stored. */
const form = /^tw_([A-Za-z0-9]{6})_[A-Za-z0-9]{32}$/;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function newToken(): string {
  const letters = (count: number): string =>
    Array.from({ length: count }, () => alphabet[randomInt(alphabet.length)]).join("");
  return `tw_${letters(6)}_${letters(32)}`;
}

export function isToken(text: string): boolean {
  return form.test(text);
}

/** A secret this long needs no slow hash. */
export function tokenRecord(token: string, name: string, now: Date): TokenRecord {
  return { id: form.exec(token)?.[1] ?? "", name, hash: hash("sha256", token), created_at: now.toISOString() };
}

/** The token that an `Authorization` header carries, where it is a known one. */
export async function findToken(
  tokens: TokenStore,
  authorization: string | undefined,
): Promise<TokenRecord | undefined> {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? "";
  const id = form.exec(token)?.[1];
  const record = id === undefined ? undefined : await tokens.get(id);
  if (record === undefined) return undefined;
  return timingSafeEqual(Buffer.from(hash("sha256", token)), Buffer.from(record.hash)) ? record : undefined;
}
