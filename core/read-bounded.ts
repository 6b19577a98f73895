/** More bytes came than are taken. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/**
 * Reads an answer whole, and no further than `most` bytes.
 *
 * @throws {TooLarge}
 */
export async function readBounded(response: Response, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the stream.
    if (length > most) throw new TooLarge(`is larger than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
