import type { Plugin } from "@thruway/sdk";
import { type Plugins, pluginsOf } from "../../../registry/plugins.ts";

/** The one plugin of a gateway, which another version can take the place of. */
export interface Replaceable extends Plugins {
  readonly current: Plugin;
  replace(plugin: Plugin): void;
}

export function replaceable(first: Plugin): Replaceable {
  let current = first;
  let plugins = pluginsOf([first]);
  return {
    get all() {
      return plugins.all;
    },
    get current() {
      return current;
    },
    get: (name) => plugins.get(name),
    bestFor: (payload) => plugins.bestFor(payload),
    replace(plugin) {
      current = plugin;
      plugins = pluginsOf([plugin]);
    },
  };
}
