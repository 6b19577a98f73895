/** Every action there is: those that ship, a file each, and those that plugins bring. */
import type { Action } from "@thruway/sdk";
import { UserError } from "../../errors.ts";
import type { Actions } from "../compile.ts";
import type { CoreAction } from "./action.ts";
import { addComment } from "./add-comment.ts";
import { addTag } from "./add-tag.ts";
import { assign } from "./assign.ts";
import { checkEmailAuthentication } from "./check-email-authentication.ts";
import { close } from "./close.ts";
import { escalate } from "./escalate.ts";
import { extractEntities } from "./extract-entities.ts";
import { httpAction } from "./http-action.ts";
import { httpLookup } from "./http-lookup.ts";
import { lookupHistory } from "./lookup-history.ts";
import { lookupList } from "./lookup-list.ts";
import { notify } from "./notify.ts";
import { requestApproval } from "./request-approval.ts";
import { resolve } from "./resolve.ts";
import { setSeverity } from "./set-severity.ts";
import { setVerdict } from "./set-verdict.ts";

export const builtIn: readonly CoreAction[] = [
  extractEntities,
  checkEmailAuthentication,
  lookupList,
  lookupHistory,
  httpLookup,
  setSeverity,
  setVerdict,
  addTag,
  addComment,
  assign,
  escalate,
  resolve,
  close,
  notify,
  requestApproval,
  httpAction,
];

/** @throws {UserError} where two have one name */
export function actionsOf(plugins: readonly { readonly name: string; readonly actions: readonly Action[] }[]): Actions {
  const all = new Map<string, CoreAction>(builtIn.map((action) => [action.name, action]));
  for (const { name, actions } of plugins) {
    for (const action of actions) {
      if (all.has(action.name)) throw new UserError(`plugin "${name}": there is an action "${action.name}" already`);
      all.set(action.name, action);
    }
  }
  return all;
}
