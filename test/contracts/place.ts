import { after, before } from "node:test";
import type { Store } from "../../core/store/ports.ts";

/** Somewhere a store keeps its data. Disposing of it closes what is open there and removes the data. */
export interface Place extends AsyncDisposable {
  /** Opens a store on the data of this place: for the first time, again after a close, or beside one that is open. */
  open(): Promise<Store>;
}

/** Makes an empty place. All that a suite knows of an implementation. */
export type NewPlace = () => Promise<Place>;

/** One store for all tests of a suite, which keep apart by names of their own. Call it inside `describe`. */
export function sharedStore(newPlace: NewPlace): { readonly store: Store } {
  let place: Place;
  let store: Store;
  before(async () => {
    place = await newPlace();
    store = await place.open();
  });
  after(() => place[Symbol.asyncDispose]());
  return {
    get store() {
      return store;
    },
  };
}

/** Two gateways on one place: what they are asked alternates between them. */
export async function twoGateways(place: Place): Promise<(index: number) => Store> {
  const [one, other] = [await place.open(), await place.open()];
  return (index) => (index % 2 === 0 ? one : other);
}
