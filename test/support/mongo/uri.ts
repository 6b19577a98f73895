/** A server for a test, out of the URI of another. Hosts may be several, so that `URL` does not read them. */
const parts =
  /^(?<scheme>mongodb(?:\+srv)?:\/\/)(?<credentials>[^/?]*@)?(?<hosts>[^/?]+)(?:\/(?<database>[^?]*))?(?:\?(?<options>.*))?$/;

interface Parts {
  readonly scheme: string;
  readonly credentials: string;
  readonly hosts: string;
  readonly database: string;
  readonly options: URLSearchParams;
}

function partsOf(uri: string): Parts {
  const { scheme, credentials = "", hosts, database = "", options } = parts.exec(uri)?.groups ?? {};
  if (scheme === undefined || hosts === undefined) throw new Error("The URI of a MongoDB server is mongodb://…");
  return { scheme, credentials, hosts, database, options: new URLSearchParams(options) };
}

function whole({ scheme, credentials, hosts, database, options }: Parts): string {
  return `${scheme}${credentials}${hosts}/${database}${options.size > 0 ? `?${options.toString()}` : ""}`;
}

/** A URI that names another database. Who is authenticated stays so: without `authSource`, the database says by whom. */
export function withDatabase(uri: string, database: string): string {
  const given = partsOf(uri);
  const { credentials, options } = given;
  if (credentials !== "" && !options.has("authSource")) options.set("authSource", given.database || "admin");
  return whole({ ...given, database });
}

/** What a proxy in between cannot let through: other addresses of the server, and packed messages. */
const hindering = ["replicaSet", "loadBalanced", "compressors", "zlibCompressionLevel"];

/**
 * A URI that leads to another address, and to no other member of the replica set.
 *
 * @throws {Error} where the connection is encrypted: then there is nothing to read in between
 */
export function withAddress(uri: string, address: string): string {
  const given = partsOf(uri);
  const encrypted = ["tls", "ssl"].some((option) => given.options.get(option) === "true");
  if (encrypted || given.scheme !== "mongodb://")
    throw new Error("A proxy reads what passes, and TLS hides it: name a server without TLS in MONGODB_URI");
  for (const option of hindering) given.options.delete(option);
  given.options.set("directConnection", "true");
  return whole({ ...given, hosts: address });
}
