import manifest from "../../../package.json" with { type: "json" };

/** Who exports. */
export const product = { name: "Thruway", version: manifest.version } as const;
