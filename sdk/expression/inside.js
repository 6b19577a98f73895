/**
 * What runs inside the realm. It is read as text, and beside JSONata it is all that there is: no module, no clock, no Node.
 * Only strings pass the border: what is asked stands in `question`, what was found in `answer`, both of them JSON.
 */
(() => {
  const { jsonata } = globalThis;
  const { bounds } = JSON.parse(globalThis.question);
  const compiled = new Map();
  let receivedAt = 0;

  /** Thrown the way JSONata throws: an object with a code. */
  const tooMuch = (message) => ({ code: "bound", message });

  function compile(source) {
    const known = compiled.get(source);
    if (known !== undefined) return known;
    const expression = jsonata(source, { stack: bounds.stack, sequence: bounds.sequence });
    for (const name of bounds.withheld) expression.assign(name, undefined);
    expression.registerFunction(
      "now",
      function now(picture, timezone) {
        return this.environment.lookup("fromMillis").implementation(receivedAt, picture, timezone);
      },
      "<s?s?:s>",
    );
    expression.registerFunction("millis", () => receivedAt, "<:n>");
    // JSONata's own makes any width that it is told, and nothing interrupts it meanwhile.
    expression.registerFunction("pad", pad, "<s-ns?:s>");
    const entry = { expression, groups: walk(expression.ast()).groups };
    if (compiled.size >= bounds.compiled) compiled.clear();
    compiled.set(source, entry);
    return entry;
  }

  function pad(text, width, filling = " ") {
    if (text === undefined) return undefined;
    const missing = Math.abs(Math.trunc(width)) - Array.from(text).length;
    if (!(missing > 0)) return text;
    if (missing > bounds.padding) throw tooMuch("$pad fills up to a width that is too large");
    const characters = Array.from(filling === "" ? " " : filling);
    const padding = Array.from({ length: missing }, (_, index) => characters[index % characters.length]).join("");
    return width > 0 ? text + padding : padding + text;
  }

  /** What an expression names, binds and holds, wherever in its tree. */
  function walk(root) {
    const found = { variables: [], bound: [], regexAt: undefined, groups: false };
    const seen = new Set();
    const rest = [root];
    while (rest.length > 0) {
      const node = rest.pop();
      if (node === null || typeof node !== "object" || seen.has(node)) continue;
      seen.add(node);
      if (node.type === "variable") found.variables.push({ name: node.value, position: node.position });
      if (node.type === "regex") found.regexAt ??= node.position;
      if (node.type === "bind") found.bound.push(node.lhs.value);
      if (node.type === "lambda") for (const argument of node.arguments) found.bound.push(argument.value);
      if (typeof node.focus === "string") found.bound.push(node.focus);
      if (typeof node.index === "string") found.bound.push(node.index);
      if (node.group !== undefined || (node.type === "unary" && node.value === "{")) found.groups = true;
      rest.push(...Object.values(node));
    }
    return found;
  }

  function examine({ source }) {
    try {
      return walk(compile(source).expression.ast());
    } catch ({ position, message }) {
      return { error: { position, message: String(message) } };
    }
  }

  function evaluate({ now, items, payload, expressions }) {
    receivedAt = now;
    const root = payload === undefined ? undefined : JSON.parse(payload);
    const results = [];
    for (const item of items) {
      // Grouping writes into an empty list that it is given; everything else leaves its input alone.
      const shared = JSON.parse(item);
      const row = [];
      for (const source of expressions) {
        const { expression, groups } = compile(source);
        const input = groups ? JSON.parse(item) : shared;
        row.push(outcomeOf(() => expression.evaluate(input, { payload: root ?? input })));
      }
      results.push(row);
    }
    return results;
  }

  function outcomeOf(work) {
    try {
      return { value: plain(work(), { left: bounds.output }, 0) };
    } catch (error) {
      const { code = "", message = "" } = error;
      // D1011, D2014, D2015: too deep, too long. D3137 and D3141 are $error and $assert: the expression itself says no.
      if (["bound", "D1011", "D2014", "D2015"].includes(code) || error instanceof RangeError) {
        return { refused: message || "is too much work" };
      }
      return ["D3137", "D3141"].includes(code) ? { refused: message } : { failed: message };
    }
  }

  /** JSON of what was found, no larger than allowed; functions and what is not finite are nothing. */
  function plain(value, budget, depth) {
    budget.left -= typeof value === "string" ? value.length + 1 : 1;
    if (budget.left < 0 || depth > bounds.depth) throw tooMuch("gives more than is allowed");
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
    if (typeof value !== "object") return undefined;
    if (Array.isArray(value)) return Array.from(value, (item) => plain(item, budget, depth + 1));
    if (value._jsonata_lambda === true || value._jsonata_function === true) return undefined;
    const found = {};
    for (const key of Object.keys(value)) {
      budget.left -= key.length;
      found[key] = plain(value[key], budget, depth + 1);
    }
    return found;
  }

  globalThis.answerQuestion = () => {
    const asked = JSON.parse(globalThis.question);
    globalThis.answer = JSON.stringify(asked.examine === undefined ? evaluate(asked.evaluate) : examine(asked.examine));
  };
})();
