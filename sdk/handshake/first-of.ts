import type { Handshake } from "./handshake.ts";

/** Several handshakes as one: the first that answers does. */
export function firstOf<Options>(...handshakes: readonly Handshake<Options>[]): Handshake<Options> {
  const befores = handshakes.map(({ before }) => before).filter((each) => each !== undefined);
  const afters = handshakes.map(({ after }) => after).filter((each) => each !== undefined);
  return {
    ...(befores.length > 0 && { before: (...given) => firstAnswer(befores, given) }),
    ...(afters.length > 0 && { after: (...given) => firstAnswer(afters, given) }),
  };
}

/** Whether one answers is known at once; what it answers may be a promise. */
function firstAnswer<Given extends readonly unknown[], Answer>(
  all: readonly ((...given: Given) => Answer | undefined)[],
  given: Given,
): Answer | undefined {
  for (const each of all) {
    const answer = each(...given);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
