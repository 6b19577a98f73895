import { type FetchAccess, joi } from "@thruway/sdk";

/** An app registration of the tenant, with `SecurityAlert.Read.All`, `SecurityIncident.Read.All` or `ActivityFeed.Read`. */
export interface FetchOptions {
  readonly tenant_id: string;
  readonly client_id: string;
  readonly client_secret: string;
  /** Sovereign clouds have their own addresses. */
  readonly login_url?: string;
  readonly graph_url?: string;
  readonly office_url?: string;
}

const loopback = /^http:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?(\/|$)/i;

/** An address that a secret may be sent to. */
const serviceUrl = joi
  .string()
  .uri()
  .custom((url: string, helpers) => {
    if (/^https:\/\//i.test(url) || loopback.test(url)) return url;
    return helpers.message({ custom: "{#label} must be an https address" });
  });
const id = joi.string().pattern(/^[\w.-]{1,100}$/, "letters, digits, dots and hyphens");

export const fetchOptions: joi.ObjectSchema<FetchOptions> = joi.object<FetchOptions>({
  tenant_id: id.required(),
  client_id: id.required(),
  client_secret: joi.string().max(1_024).required().meta({ sensitive: true }),
  login_url: serviceUrl,
  graph_url: serviceUrl,
  office_url: serviceUrl,
});

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
export function accessOf(options: FetchOptions | undefined): FetchAccess | undefined {
  if (options === undefined) return undefined;
  const login = withoutSlash(options.login_url ?? "https://login.microsoftonline.com");
  return {
    tokenUrl: `${login}/${options.tenant_id}/oauth2/v2.0/token`,
    clientId: options.client_id,
    clientSecret: options.client_secret,
    origins: [graphUrl(options), officeUrl(options)].map((url) => new URL(url).origin),
  };
}

export function graphUrl(options: FetchOptions | undefined): string {
  return withoutSlash(options?.graph_url ?? "https://graph.microsoft.com");
}

export function officeUrl(options: FetchOptions | undefined): string {
  return withoutSlash(options?.office_url ?? "https://manage.office.com");
}

/** The scope of everything that the app was granted there. */
export function scopeOf(url: string): string {
  return `${new URL(url).origin}/.default`;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
