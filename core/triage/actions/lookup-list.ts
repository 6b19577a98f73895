import { defineAction } from "@thruway/sdk";
import joi from "joi";
import type { CoreContext } from "./action.ts";

interface Parameters {
  readonly list: string;
  readonly value: string | readonly string[];
}

const values = joi.alternatives(joi.string().allow(""), joi.array().items(joi.string().allow("")));

export const lookupList = defineAction<Parameters, CoreContext>({
  name: "lookup_list",
  about:
    "Looks values up in a list of the lists folder: addresses in networks, e-mail addresses and URLs by their domain too",
  parameters: joi.object<Parameters>({ list: joi.string().required(), value: values.required() }),
  output: { found: "bool", known: "bool", value: "string", entry: "string", columns: "dyn" },
  run({ list, value }, { ports }) {
    const known = ports.lists.get(list);
    if (known === undefined) return { known: false, found: false };
    const match = known.find([value].flat());
    return { known: true, found: match !== undefined, ...match };
  },
});
