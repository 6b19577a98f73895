/**
 * The version of this SDK, which every plugin carries that it makes. The core takes plugins of its own line: of the same major
 * version, and while that is 0, of the same minor one. A test holds it to package.json.
 */
export const sdkVersion = "0.1.0";
