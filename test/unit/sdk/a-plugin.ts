import { joi, type PluginDefinition, webhookSignature } from "@thruway/sdk";

export interface Payload {
  readonly id: string;
}

/** The least that a plugin is made of: alerts of `{"id": "…"}`. */
export function aDefinition<Options = Record<string, never>>(
  changes: Partial<PluginDefinition<Options, Payload>> = {},
): PluginDefinition<Options, Payload> {
  return {
    name: "toaster",
    title: "Networked toaster",
    signature: webhookSignature(),
    payload: joi.object<Payload>({ id: joi.string().required() }).unknown(),
    fits: () => 1,
    map: ({ id }) => ({ type: "fire", title: "It burns", external_id: id }),
    example: { id: "a" },
    ...changes,
  };
}
