import assert from "node:assert/strict";
import { test } from "node:test";
import { allowed, isSafe } from "../../../../core/fetch/address.ts";

const origins = ["https://graph.example.com", "http://127.0.0.1:8081"];

test("only what lies at one of the origins is fetched", () => {
  assert.equal(allowed("https://graph.example.com/v1.0/x?y=z", origins)?.pathname, "/v1.0/x");
  assert.equal(allowed("http://127.0.0.1:8081/x", origins)?.port, "8081");
  for (const other of [
    "https://graph.example.com.evil.example/x",
    "https://graph.example.com:8443/x",
    "http://graph.example.com/x",
    "https://user:password@graph.example.com/x",
    "https://graph.example.com@evil.example/x",
    "file:///etc/passwd",
    "http://127.0.0.1:8080/",
    "//graph.example.com/x",
    "no address",
    "",
  ]) {
    assert.equal(allowed(other, origins), undefined, other);
  }
});

test("an origin that is not safe is none, though it is listed", () => {
  assert.equal(allowed("http://10.0.0.1/x", ["http://10.0.0.1"]), undefined);
  assert.equal(allowed("https://a.example/x", ["no origin"]), undefined);
});

test("a secret travels over TLS, or stays on this machine", () => {
  for (const safe of ["https://a.example", "http://localhost:1", "http://127.0.0.9", "http://[::1]:80"]) {
    assert.equal(isSafe(new URL(safe)), true, safe);
  }
  for (const unsafe of ["http://a.example", "http://localhost.example", "ftp://localhost", "https://a:b@c.example"]) {
    assert.equal(isSafe(new URL(unsafe)), false, unsafe);
  }
});
