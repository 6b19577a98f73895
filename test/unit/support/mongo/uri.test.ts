import assert from "node:assert/strict";
import { test } from "node:test";
import { withAddress, withDatabase } from "../../../support/mongo/uri.ts";

test("a database of its own keeps the hosts and the options", () => {
  assert.equal(withDatabase("mongodb://h:1,i:2/?w=majority", "d"), "mongodb://h:1,i:2/d?w=majority");
  assert.equal(withDatabase("mongodb://h", "d"), "mongodb://h/d");
  assert.equal(withDatabase("mongodb+srv://h/old", "d"), "mongodb+srv://h/d");
});

test("who is authenticated by the database that the URI named is so still", () => {
  assert.equal(withDatabase("mongodb://u:p@h/users", "d"), "mongodb://u:p@h/d?authSource=users");
  assert.equal(withDatabase("mongodb://u:p@h", "d"), "mongodb://u:p@h/d?authSource=admin");
  assert.equal(withDatabase("mongodb://u:p@h/x?authSource=y", "d"), "mongodb://u:p@h/d?authSource=y");
});

test("the address of a proxy takes the place of the hosts, and leads to no other member of the set", () => {
  assert.equal(
    withAddress("mongodb://u:p@h:1,i:2/d?replicaSet=r&w=majority&compressors=zlib&loadBalanced=false", "127.0.0.1:9"),
    "mongodb://u:p@127.0.0.1:9/d?w=majority&directConnection=true",
  );
});

test("a connection that is encrypted cannot be led through a proxy that reads it", () => {
  for (const uri of ["mongodb+srv://h/", "mongodb://h/?tls=true", "mongodb://h/?ssl=true"]) {
    assert.throws(() => withAddress(uri, "127.0.0.1:9"), /TLS/);
  }
});

test("what is no URI of MongoDB is refused", () => {
  for (const uri of ["localhost:27017", "http://h/", "mongodb://"]) {
    assert.throws(() => withDatabase(uri, "d"), /mongodb:\/\/…/);
  }
});
