import { isUtf8 } from "node:buffer";

export const formContentType = "application/x-www-form-urlencoded";

const mostFields = 1_000;

/**
 * The fields of a form as a JSON object of texts, a field that is repeated as a list of them.
 *
 * @returns the bytes of the JSON; `undefined` where the content type is not a form's, or the body is none
 */
export function formAsJson(body: Uint8Array, contentType: string | undefined): Uint8Array | undefined {
  const fields = formFields(body, contentType);
  if (fields === undefined) return undefined;
  const values = [...new Set(fields.keys())].map((name) => {
    const all = fields.getAll(name);
    return `${JSON.stringify(name)}:${JSON.stringify(all.length === 1 ? all[0] : all)}`;
  });
  return Buffer.from(`{${values.join(",")}}`);
}

/** The fields of a form; `undefined` as for `formAsJson`. */
export function formFields(body: Uint8Array, contentType: string | undefined): URLSearchParams | undefined {
  const [type = ""] = (contentType ?? "").split(";");
  if (type.trim().toLowerCase() !== formContentType || !isUtf8(body)) return undefined;
  const text = Buffer.from(body).toString("utf8");
  return text.split("&", mostFields + 1).length > mostFields ? undefined : new URLSearchParams(text);
}
