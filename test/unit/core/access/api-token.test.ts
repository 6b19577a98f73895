import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { findToken, isToken, newToken, tokenRecord } from "../../../../core/access/api-token.ts";
import type { TokenRecord, TokenStore } from "../../../../core/store/ports.ts";
import { times } from "../../../contracts/builders.ts";
import { noon } from "../builders.ts";

function holding(...records: readonly TokenRecord[]): TokenStore {
  return {
    put: () => assert.fail("looking a token up stores nothing"),
    get: (id) => Promise.resolve(records.find((record) => record.id === id)),
  };
}

test("a token always has the documented shape, and no two are alike", () => {
  const tokens = times(500, newToken);
  for (const token of tokens) assert.match(token, /^tw_[A-Za-z0-9]{6}_[A-Za-z0-9]{32}$/);
  assert.equal(new Set(tokens).size, 500);
  const used = new Set(tokens.join("").replaceAll(/tw|_/g, ""));
  assert.ok(used.size >= 60, "every letter and digit comes up");
});

test("what is kept of a token is its id and a hash, never the token", () => {
  const token = newToken();
  const record = tokenRecord(token, "admin", noon);
  assert.deepEqual(record, {
    id: token.slice(3, 9),
    name: "admin",
    hash: hash("sha256", token),
    created_at: noon.toISOString(),
  });
  assert.match(record.hash, /^[0-9a-f]{64}$/);
  assert.ok(!JSON.stringify(record).includes(token.slice(10)));
});

test("a token in an Authorization header is found, whatever the case of its scheme", async () => {
  const token = newToken();
  const record = tokenRecord(token, "admin", noon);
  for (const scheme of ["Bearer", "bearer", "BEARER", "Bearer  "]) {
    assert.equal(await findToken(holding(record), `${scheme} ${token}`), record);
  }
});

test("everything else opens nothing", async () => {
  const token = newToken();
  const record = tokenRecord(token, "admin", noon);
  const changed = `${token.slice(0, -1)}${token.endsWith("a") ? "b" : "a"}`;
  const headers = [
    undefined,
    "",
    "Bearer",
    "Bearer ",
    token,
    `Basic ${token}`,
    `Bearer ${changed}`,
    `Bearer ${newToken()}`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token}x`,
    `Bearer ${token} `,
    `Bearer ${token} x`,
    `Bearer ${token.toUpperCase()}`,
    `Bearer ${record.hash}`,
    `Bearer tw_${record.id}_${"é".repeat(32)}`,
    `Bearer tw_${record.id}_`,
  ];
  for (const header of headers) assert.equal(await findToken(holding(record), header), undefined, header);
});

test("a text is a token only as a whole", () => {
  const token = newToken();
  assert.ok(isToken(token));
  for (const text of ["", ` ${token}`, `${token}\n`, `${token}x`, token.replace("tw_", "TW_")])
    assert.ok(!isToken(text), text);
});
