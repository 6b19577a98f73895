import { hash } from "node:crypto";
import type { SourceRecord, TokenRecord } from "../ports.ts";
import { insertAll } from "./bulk.ts";
import type { Collections } from "./database.ts";
import type { SourceDocument } from "./documents.ts";

export async function allSources({ sources }: Collections): Promise<readonly SourceRecord[]> {
  const documents = await sources.find({}).sort({ _id: 1 }).toArray();
  return documents.map(({ record }) => JSON.parse(record));
}

export async function sourcesRevision({ sources }: Collections): Promise<string> {
  const seen = await sources
    .find({}, { projection: { hash: 1 } })
    .sort({ _id: 1 })
    .toArray();
  return hash("sha256", JSON.stringify(seen));
}

export async function addSource({ sources }: Collections, record: SourceRecord): Promise<boolean> {
  const { taken } = await insertAll(sources, [documentOf(record)]);
  return taken.size === 0;
}

export async function replaceSource({ sources }: Collections, record: SourceRecord): Promise<boolean> {
  const { _id, ...fields } = documentOf(record);
  return (await sources.updateOne({ _id }, { $set: fields })).matchedCount === 1;
}

export async function removeSource({ sources }: Collections, source: string): Promise<boolean> {
  return (await sources.deleteOne({ _id: source })).deletedCount === 1;
}

export function documentOf(given: SourceRecord): SourceDocument {
  const record = JSON.stringify(given);
  return { _id: given.source, hash: hash("sha256", record), record };
}

export async function putToken({ tokens }: Collections, record: TokenRecord): Promise<void> {
  const { id, name } = record;
  await tokens.deleteMany({ id, _id: { $ne: name } });
  await tokens.replaceOne({ _id: name }, { id, record: JSON.stringify(record) }, { upsert: true });
}

export async function getToken({ tokens }: Collections, id: string): Promise<TokenRecord | undefined> {
  const found = await tokens.findOne({ id });
  return found === null ? undefined : JSON.parse(found.record);
}
