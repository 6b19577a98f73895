import { type AnyBulkWriteOperation, type Collection, type Document, MongoBulkWriteError } from "mongodb";
import { StoreError } from "../../errors.ts";

const duplicateKey = 11_000;

/** What became of one unordered write, whose parts are told apart by their index in it. */
export interface Written {
  /** Inserts whose `_id` was taken already. */
  readonly taken: ReadonlySet<number>;
  /** What the server refused for its own sake, and why. */
  readonly refused: ReadonlyMap<number, string>;
  /** How many updates found the document that they were for. */
  readonly matched: number;
}

const nothing: Written = { taken: new Set(), refused: new Map(), matched: 0 };

/** Inserts documents, waiting once for the majority and the journal. @throws {StoreError} as `writeAll` does */
export function insertAll<T extends Document>(collection: Collection<T>, documents: readonly T[]): Promise<Written> {
  return writeAll(
    collection,
    documents.map((document) => ({ insertOne: { document } }) as AnyBulkWriteOperation<T>),
  );
}

/** Inserts and updates in one unordered write. @throws {StoreError} where it is not known what was written */
export async function writeAll<T extends Document>(
  collection: Collection<T>,
  operations: readonly AnyBulkWriteOperation<T>[],
): Promise<Written> {
  if (operations.length === 0) return nothing;
  try {
    const { matchedCount } = await collection.bulkWrite([...operations], { ordered: false });
    return { ...nothing, matched: matchedCount };
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    return afterError(error);
  }
}

/**
 * With a write-concern error beside it not even a duplicate is certain: what took the key may be rolled back. It is looked
 * for first, since a batch with both has an empty `error.writeErrors`.
 */
function afterError(error: MongoBulkWriteError): Written {
  const { result } = error;
  const concern = result.getWriteConcernError();
  if (concern !== undefined) {
    throw new StoreError(`The write is not known to be safe: ${concern.errmsg ?? "write concern"}`, { cause: error });
  }
  const errors = result.getWriteErrors();
  if (errors.length === 0) throw new StoreError(error.message, { cause: error });
  const [taken, refused] = [new Set<number>(), new Map<number, string>()];
  for (const { code, index, errmsg } of errors) {
    if (code === duplicateKey) taken.add(index);
    else refused.set(index, errmsg ?? `code ${code}`);
  }
  return { taken, refused, matched: result.matchedCount };
}
