/** What a plugin imports. Joi comes along, so that a plugin and the core speak of one version. */
export { default as joi } from "joi";
export {
  type Action,
  type ActionContext,
  type ActionDefinition,
  defineAction,
  isAction,
  type OutputShape,
  type OutputType,
  outputTypes,
} from "./action.ts";
export * from "./addresses.ts";
export * from "./alert.ts";
export * from "./delivery.ts";
export * from "./errors.ts";
export * from "./fetch.ts";
export { eventGridValidation } from "./handshake/event-grid-validation.ts";
export { firstOf } from "./handshake/first-of.ts";
export { githubPing } from "./handshake/github-ping.ts";
export { graphValidation } from "./handshake/graph-validation.ts";
export {
  echoable,
  type Greeted,
  type Handshake,
  longestChallenge,
  type Unreachable,
} from "./handshake/handshake.ts";
export { officeValidation } from "./handshake/office-validation.ts";
export { oktaChallenge } from "./handshake/okta-challenge.ts";
export { slackUrlVerification } from "./handshake/slack-url-verification.ts";
export { snsSubscription } from "./handshake/sns-subscription.ts";
export { maxJsonDepth, parseJson } from "./json.ts";
export {
  definePlugin,
  type FetchAccess,
  isPlugin,
  type MapContext,
  type MapResult,
  type Plugin,
  type PluginDefinition,
  type PluginHandshake,
  type SourceHandshake,
} from "./plugin.ts";
export * from "./pointers.ts";
export * from "./read.ts";
export { allOf } from "./signature/all-of.ts";
export { allowedAddresses } from "./signature/allowed-addresses.ts";
export { anyOf } from "./signature/any-of.ts";
export { awsSns } from "./signature/aws-sns.ts";
export { basic } from "./signature/basic.ts";
export { type BearerJwtOptions, bearerJwt, type JwtAlgorithm, jwtAlgorithms } from "./signature/bearer-jwt.ts";
export { bodySecret } from "./signature/body-secret.ts";
export { box } from "./signature/box.ts";
export { crowdstrike, crowdstrikeMinimumSecretLength } from "./signature/crowdstrike.ts";
export { github } from "./signature/github.ts";
export {
  type HmacOptions,
  hmac,
  type SecretEncoding,
  type TimestampPlace,
  type TimestampUnit,
} from "./signature/hmac.ts";
export {
  type CertificateForm,
  certificateForms,
  type MutualTlsOptions,
  mutualTls,
} from "./signature/mutual-tls.ts";
export { pagerduty } from "./signature/pagerduty.ts";
export * from "./signature/scheme.ts";
export { sentry } from "./signature/sentry.ts";
export { shopify } from "./signature/shopify.ts";
export { slack } from "./signature/slack.ts";
export { standardWebhooks } from "./signature/standard-webhooks.ts";
export { staticToken, type TokenPlace } from "./signature/static-token.ts";
export { stripe } from "./signature/stripe.ts";
export { svix } from "./signature/svix.ts";
export { twilio } from "./signature/twilio.ts";
export { unsigned } from "./signature/unsigned.ts";
export { webhookSignature } from "./signature/webhook.ts";
export * from "./status.ts";
export { timestampUnits } from "./timestamp.ts";
export { sdkVersion } from "./version.ts";
