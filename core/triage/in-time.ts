import { createContext, Script } from "node:vm";

const place: { work: () => unknown } = { work: () => {} };
createContext(place);
const callIt = new Script("work()");

/**
 * Does something on this thread, and ends it in the middle where it takes longer: by the only means that Node has for what gives
 * nobody else a turn. The script is this constant; what it calls is the code that is given.
 *
 * @throws where the time is up
 */
export function inTime<T>(longestMs: number, work: () => T): T {
  place.work = work;
  try {
    return callIt.runInContext(place, { timeout: longestMs }) as T;
  } catch (error) {
    // It is an error of that place, and so no instance of this one's.
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    const isLate = code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    if (isLate) throw new Error(`takes longer than ${longestMs / 1_000} s`, { cause: error });
    throw error;
  } finally {
    place.work = () => {};
  }
}
