import { expect, test } from "vitest";
import { createDrawQueue } from "./drawQueue";

function manualFrames() {
  const frames: (() => void)[] = [];
  return { later: (run: () => void) => void frames.push(run), frame: () => frames.shift()?.() };
}

test("one job runs a frame, in order, and a job taken back never runs", () => {
  const { later, frame } = manualFrames();
  const queue = createDrawQueue(later);
  const ran: string[] = [];
  queue.request(() => ran.push("a"));
  const takeBack = queue.request(() => ran.push("b"));
  queue.request(() => ran.push("c"));
  takeBack();
  expect(ran).toEqual([]);
  frame();
  expect(ran).toEqual(["a"]);
  frame();
  expect(ran).toEqual(["a", "c"]);
});

test("an emptied queue starts again with the next request", () => {
  const { later, frame } = manualFrames();
  const queue = createDrawQueue(later);
  let count = 0;
  queue.request(() => count++);
  frame();
  frame();
  queue.request(() => count++);
  frame();
  expect(count).toBe(2);
});
