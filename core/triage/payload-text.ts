const mostTexts = 2_000;
const mostFields = 50_000;

/** Every text in what was delivered, as far as there are not too many; by a loop, since payloads nest. */
export function textsIn(payloads: readonly unknown[]): readonly string[] {
  const found: string[] = [];
  for (const [, value] of fieldsIn(payloads)) {
    if (found.length >= mostTexts) break;
    if (typeof value === "string" && value !== "") found.push(value);
  }
  return found;
}

/** Every field of every object, at any depth, with its name; items of lists have the name of their list. */
export function* fieldsIn(payloads: readonly unknown[]): Generator<readonly [name: string, value: unknown]> {
  const rest: (readonly [string, unknown])[] = payloads.map((payload) => ["", payload] as const);
  // Read by its place: taking the first off a long list moves all the others.
  for (let place = 0; place < rest.length; place += 1) {
    const next = rest[place] as readonly [string, unknown];
    yield next;
    const [name, value] = next;
    if (typeof value !== "object" || value === null || rest.length > mostFields) continue;
    if (Array.isArray(value)) for (const item of value) rest.push([name, item]);
    else for (const entry of Object.entries(value)) rest.push(entry);
  }
}
