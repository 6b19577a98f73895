import { defineAction } from "@thruway/sdk";
import joi from "joi";
import type { CoreContext } from "./action.ts";

interface Parameters {
  readonly channel: string;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export const notify = defineAction<Parameters, CoreContext>({
  name: "notify",
  about:
    "Tells a channel of the configuration file: a signed webhook, Slack or Teams; sent from a durable outbox, once for each step",
  parameters: joi.object<Parameters>({
    channel: joi.string().required(),
    text: joi.string().max(3_000).required(),
    data: joi.object().unknown().default({}),
  }),
  output: { queued: "bool", id: "string" },
  async run({ channel, text, data }, { ports, key, incident, playbook }) {
    const { id, number, title, severity, status, url } = incident;
    const about = { incident: { id, number, title, severity, status, url }, playbook, ...data };
    await ports.outbox.post({ id: key, channel, text, data: about });
    return { queued: true, id: key };
  },
});
