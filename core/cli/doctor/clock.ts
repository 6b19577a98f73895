import { type Check, ok, worst } from "./check.ts";

/** A signed time may lie five minutes from the receipt; a clock that is off by a part of that refuses the first events. */
const noticeableMs = 5_000;
const graveMs = 60_000;

export const clock: Check = {
  name: "clock",
  async run({ now, gateway, store }) {
    const [running, stored] = await Promise.allSettled([gateway(), store()]);
    const others: (readonly [whose: string, offMs: number])[] = [];
    if (running.status === "fulfilled") {
      const { view, asked, answered } = running.value;
      others.push(["the gateway's", offBy(Date.parse(view.time), asked.getTime(), answered.getTime())]);
    }
    if (stored.status === "fulfilled" && stored.value.time !== undefined) {
      others.push(["the store's", stored.value.time.getTime() - now().getTime()]);
    }
    if (others.length === 0) return ok(`${now().toISOString()}; there is no other to compare it with`);
    const said = ([whose, off]: (typeof others)[number]): string =>
      `${whose} is ${(Math.abs(off) / 1_000).toFixed(1)} s ${off < 0 ? "behind" : "ahead of"} this one; let both take the time by NTP`;
    const grave = others.filter(([, off]) => Math.abs(off) >= graveMs);
    const noticeable = others.filter(([, off]) => Math.abs(off) >= noticeableMs && Math.abs(off) < graveMs);
    const agreeing = others.filter(([, off]) => Math.abs(off) < noticeableMs).map(([whose]) => whose);
    const fine = agreeing.length === 0 ? "" : `${agreeing.join(" and ")} and this one agree`;
    return worst(fine, grave.map(said), noticeable.map(said));
  },
};

/** What lies between asking and the answer is nobody's fault. */
function offBy(time: number, asked: number, answered: number): number {
  if (time < asked) return time - asked;
  return time > answered ? time - answered : 0;
}
