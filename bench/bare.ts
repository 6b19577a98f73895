/** What the gateway is compared with: a bare @koa/router handler that reads the same body and answers the same JSON. */
import Router from "@koa/router";
import Koa from "koa";

const router = new Router();
router.post("/api/webhooks/:source", async (ctx) => {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  Buffer.concat(chunks);
  ctx.status = 202;
  ctx.body = {
    status: "accepted",
    incident_id: "550e8400-e29b-41d4-a716-446655440000",
    incident_number: "INC-2024-0001",
  };
});

const server = new Koa().use(router.routes()).listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.({ port: address.port });
});
