import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Context, constants, createContext, Script } from "node:vm";

/** Somewhere that JSONata runs, and answers at once. */
export interface Realm {
  /**
   * @param question passed as JSON, and the answer comes back as such: no object crosses
   * @throws {RealmTimeout} after which this realm is of no use any more
   */
  ask(question: unknown, timeoutMs: number): unknown;
}

/** What was asked took longer than it may. */
export class RealmTimeout extends Error {
  override readonly name = "RealmTimeout";
}

interface Scripts {
  readonly library: Script;
  readonly inside: Script;
  readonly answer: Script;
}

let read: Scripts | undefined;

/** Read when the first realm is opened, since most starts open none. */
function scripts(): Scripts {
  const textOf = (url: string | URL): string => readFileSync(fileURLToPath(url), "utf8");
  read ??= {
    library: new Script(synchronous(textOf(import.meta.resolve("jsonata"))), { filename: "jsonata.js" }),
    inside: new Script(textOf(new URL("./inside.js", import.meta.url)), { filename: "inside.js" }),
    answer: new Script("answerQuestion()", { filename: "answer.js" }),
  };
  return read;
}

/**
 * JSONata without its promises: it is asynchronous for the sake of functions that a caller adds, and waits for nothing itself.
 * What runs through at once can be ended in the middle; ending microtasks breaks Node's record of asynchronous work (and,
 * where that is kept, the process).
 */
function synchronous(source: string): string {
  return source
    .replaceAll(/\basync\s+(?=function\b|\()/g, "")
    .replaceAll(/\bawait\s+/g, "")
    .replaceAll("Promise.all(", "(");
}

/**
 * A realm of its own for JSONata. V8 ends what takes too long wherever it is, which no check of the library's own can.
 *
 * @param bounds what `inside.js` keeps to
 */
export function openRealm(bounds: object): Realm {
  const { library, inside, answer } = scripts();
  const context: Context = createContext(constants.DONT_CONTEXTIFY, {
    codeGeneration: { strings: false, wasm: false },
  });
  library.runInContext(context);
  context.question = JSON.stringify({ bounds });
  inside.runInContext(context);

  return {
    ask(question, timeoutMs) {
      context.question = JSON.stringify(question);
      const failure = failureOf(() => answer.runInContext(context, { timeout: timeoutMs }));
      if (failure?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") throw new RealmTimeout(`took more than ${timeoutMs} ms`);
      if (failure !== undefined) throw new Error(`JSONata failed: ${failure.message}`);
      return JSON.parse(String(context.answer));
    },
  };
}

/** What it throws is an object of the realm's: its class tells nothing here, and it does not come any further. */
function failureOf(call: () => void): { readonly code: string; readonly message: string } | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
    return { code: String(code), message: String(message) };
  }
}
