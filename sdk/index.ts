/** What a plugin imports. Joi comes along, so that a plugin and the core speak of one version. */
export { default as joi } from "joi";
export * from "./alert.ts";
export * from "./delivery.ts";
export * from "./errors.ts";
export { maxJsonDepth, parseJson } from "./json.ts";
export {
  definePlugin,
  isPlugin,
  type MapContext,
  type MapResult,
  type Plugin,
  type PluginDefinition,
} from "./plugin.ts";
export * from "./read.ts";
export { anyOf } from "./signature/any-of.ts";
export { type HmacOptions, hmac, type TimestampUnit } from "./signature/hmac.ts";
export * from "./signature/scheme.ts";
export { staticToken, type TokenPlace } from "./signature/static-token.ts";
export { unsigned } from "./signature/unsigned.ts";
export { webhookSignature } from "./signature/webhook.ts";
