import type { InjectionToken } from "tsyringe";

/** A name for a thing in the container that carries the thing's type. */
export function token<T>(name: string): InjectionToken<T> {
  return Symbol(name);
}
