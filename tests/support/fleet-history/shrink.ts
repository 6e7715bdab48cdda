import type { Action, Story } from "./story.ts";

/** Leaves out of a failing history what it fails without, and shortens what lasts. */
export async function shrink(story: Story, fails: (story: Story) => Promise<boolean>): Promise<Story> {
  let shortest = story;
  for (let chunk = Math.ceil(story.actions.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let from = 0; from < shortest.actions.length; ) {
      const candidate = { ...shortest, actions: shortest.actions.toSpliced(from, chunk) };
      // oxlint-disable-next-line no-await-in-loop -- each try goes on from the one before
      if (await fails(candidate)) shortest = candidate;
      else from += chunk;
    }
  }
  for (let index = 0; index < shortest.actions.length; index += 1) {
    const action = shortest.actions[index] as Action;
    if (!("forMs" in action)) continue;
    for (const forMs of [200, 1_000, 3_000, 8_000].filter((each) => each < action.forMs)) {
      const candidate = { ...shortest, actions: shortest.actions.with(index, { ...action, forMs }) };
      // oxlint-disable-next-line no-await-in-loop -- the shortest first
      if (!(await fails(candidate))) continue;
      shortest = candidate;
      break;
    }
  }
  return shortest;
}
