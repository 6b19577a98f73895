/** A MongoDB server that the tests may use. */
export interface MongoServer {
  readonly uri: string;
  /** Says which one it is: "mongod 8.0.1 from PATH". */
  readonly name: string;
}

export interface NoMongo {
  /** What was looked for and is not there. */
  readonly reason: string;
}

/** A server that whoever looked for it ends, where it was started for them. */
export type Found = (MongoServer & AsyncDisposable) | NoMongo;
