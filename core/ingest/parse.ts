import { type Headers, JsonError, parseJson, type SignatureScheme, single } from "@thruway/sdk";
import { Refusal } from "../errors.ts";

/**
 * Reads the body as JSON, out of what the sender wraps it in. Content types ending in `json` are taken, and none at all.
 *
 * @param scheme the source's: what its sender calls JSON besides (`text/plain`), and how it is wrapped
 * @throws {Refusal} unsupported_media_type, invalid_json
 */
export function parse(
  body: Uint8Array,
  headers: Headers,
  scheme: Pick<SignatureScheme, "contentTypes" | "unwrap"> = {},
): unknown {
  refuseOtherTypes(headers, scheme.contentTypes ?? []);
  try {
    return parseJson(scheme.unwrap?.(body, headers["content-type"]?.[0]) ?? body);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new Refusal("invalid_json", { message: error.message.slice(0, 300) });
  }
}

const jsonType = /^(?:application|text)\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const charset = /;\s*charset\s*=\s*"?([\w-]+)/i;

function refuseOtherTypes(headers: Headers, contentTypes: readonly string[]): void {
  const type = single(headers, "content-type");
  const isJson = (value: string): boolean => jsonType.test(value) || contentTypes.includes(mediaType(value));
  if (type === "repeated" || (type !== undefined && !isJson(type.value))) {
    throw new Refusal("unsupported_media_type", {
      message: "Content type is not supported; send application/json",
      details: [{ path: "headers.content-type", message: "must be application/json" }],
    });
  }
  const named = type === undefined ? undefined : charset.exec(type.value)?.[1];
  if (named !== undefined && !/^(utf-?8|us-ascii)$/i.test(named)) {
    throw new Refusal("unsupported_media_type", {
      message: "JSON is UTF-8 (RFC 8259); another charset is not supported",
      details: [{ path: "headers.content-type", message: "must not name another charset than utf-8" }],
    });
  }
  const encoding = single(headers, "content-encoding");
  if (encoding !== undefined && (encoding === "repeated" || encoding.value.toLowerCase() !== "identity")) {
    throw new Refusal("unsupported_media_type", {
      message: "Compressed bodies are not supported; send the body as it is",
      details: [{ path: "headers.content-encoding", message: "must be absent" }],
    });
  }
}

function mediaType(value: string): string {
  return (value.split(";")[0] ?? "").trim().toLowerCase();
}
