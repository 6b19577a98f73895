/** A mistake in a field map, found when the source is registered. The message is the end of a sentence about the field. */
export class MapError extends Error {
  override readonly name = "MapError";
}
