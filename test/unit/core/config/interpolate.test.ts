// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { InterpolationError, interpolate } from "../../../../core/config/interpolate.ts";

const env = { EDR_SECRET: "test-secret-edr", REGION: "eu", EMPTY: "", _1: "underscore" };

test("variables are filled in, anywhere and as often as they stand there", () => {
  const cases = {
    "${EDR_SECRET}": "test-secret-edr",
    "https://${REGION}.example/${REGION}": "https://eu.example/eu",
    "${_1}": "underscore",
    "${REGION}${EDR_SECRET}": "eutest-secret-edr",
    "no variable": "no variable",
    "": "",
  };
  for (const [value, filled] of Object.entries(cases)) assert.equal(interpolate(value, env), filled, value);
});

test("a default stands in for a variable that is unset or empty", () => {
  const cases = {
    "${REGION:-us}": "eu",
    "${UNSET:-us}": "us",
    "${EMPTY:-us}": "us",
    "${UNSET:-}": "",
    "${UNSET:-a:-b = $1}": "a:-b = $1",
    "${UNSET:-two\nlines}": "two\nlines",
  };
  for (const [value, filled] of Object.entries(cases)) assert.equal(interpolate(value, env), filled, value);
});

test("a variable that is unset or empty, and has no default, is named", () => {
  for (const name of ["UNSET", "EMPTY"]) {
    assert.throws(
      () => interpolate(`before \${${name}} after`, env),
      (error) => error instanceof InterpolationError && error.message === `the variable ${name} is not set`,
    );
  }
});

test("$$ is a dollar sign, and one that stands alone is one too", () => {
  const cases = {
    $$: "$",
    $$$$: "$$",
    "$${REGION}": "${REGION}",
    "$$${REGION}": "$eu",
    pa$word: "pa$word",
    $REGION: "$REGION",
    "costs 5 $": "costs 5 $",
    "{REGION}": "{REGION}",
  };
  for (const [value, filled] of Object.entries(cases)) assert.equal(interpolate(value, env), filled, value);
});

test("what cannot be read is refused with what can, and never taken as it stands", () => {
  const wrong = [
    "${}",
    "${REGION",
    "${1REGION}",
    "${RE GION}",
    "${REGION-us}",
    "${REGION:us}",
    "${REGION:=us}",
    "${UNSET:-${REGION}}",
    "${REGION:-${UNSET}}",
  ];
  for (const value of wrong) {
    assert.throws(
      () => interpolate(value, env),
      (error) => error instanceof InterpolationError && error.message.includes("write ${NAME}, ${NAME:-default}"),
      value,
    );
  }
});

test("a value comes in exactly, whatever is in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), (value) => {
      assert.equal(interpolate("<${VALUE}>", { VALUE: value }), `<${value}>`);
    }),
  );
  for (const value of ["$&", "$1", "$$", "$'", "${EDR_SECRET}"]) assert.equal(interpolate("${V}", { V: value }), value);
});

test("any text can be written with its dollar signs doubled", () => {
  const pieces = fc.constantFrom("$", "{", "}", "$$", "NAME", ":-", "a", "é");
  fc.assert(
    fc.property(
      fc.array(pieces).map((all) => all.join("")),
      (text) => {
        assert.equal(interpolate(text.replaceAll("$", "$$$$"), {}), text);
      },
    ),
  );
});
