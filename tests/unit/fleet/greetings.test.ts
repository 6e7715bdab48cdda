import { describe, expect, it } from "vitest";
import type { SessionState } from "#server/fleet/agent/session.ts";
import { type Greeter, Greetings, HELLO_WINDOW } from "#server/fleet/greetings.ts";

class Agent implements Greeter {
  session: SessionState = "DETACHED";
  retryAt = Infinity;
  isRetryDue(wallMs: number): boolean {
    return wallMs >= this.retryAt;
  }
}

const agents = (count: number): Agent[] => Array.from({ length: count }, () => new Agent());
/** As the fleet does it: whose turn it is says hello. */
const turns = (greetings: Greetings<Agent>, wallMs: number): readonly Agent[] => {
  const next = greetings.next(wallMs);
  for (const agent of next) agent.session = "GREETED";
  return next;
};
const answer = (greetings: Greetings<Agent>, agent: Agent, session: SessionState): void => {
  agent.session = session;
  greetings.answered(agent);
};

describe("hellos", () => {
  it("take turns: an answer, whatever it is, makes room for the next", () => {
    const greetings = new Greetings<Agent>();
    const all = agents(HELLO_WINDOW + 3);
    greetings.begin(all);
    expect(turns(greetings, 0)).toEqual(all.slice(0, HELLO_WINDOW));
    expect(turns(greetings, 1)).toEqual([]);
    answer(greetings, all[0] as Agent, "WELCOMED");
    answer(greetings, all[1] as Agent, "REFUSED");
    expect(turns(greetings, 2)).toEqual(all.slice(HELLO_WINDOW, HELLO_WINDOW + 2));
  });

  it("don't wait for ever where no answer comes", () => {
    const greetings = new Greetings<Agent>();
    const all = agents(2 * HELLO_WINDOW);
    greetings.begin(all);
    expect(turns(greetings, 0)).toHaveLength(HELLO_WINDOW);
    expect(turns(greetings, 4_999)).toEqual([]);
    expect(turns(greetings, 5_000)).toEqual(all.slice(HELLO_WINDOW));
  });

  it("are said again by whom the gateway refused, once its wait is over, unless the connection is gone", () => {
    const greetings = new Greetings<Agent>();
    const [one, other] = agents(2) as [Agent, Agent];
    greetings.begin([one, other]);
    turns(greetings, 0);
    for (const agent of [one, other]) answer(greetings, agent, "REFUSED");
    one.retryAt = 500;
    other.retryAt = 1_000;
    expect(turns(greetings, 499)).toEqual([]);
    expect(turns(greetings, 500)).toEqual([one]);
    greetings.end();
    expect(turns(greetings, 2_000)).toEqual([]);
  });
});
