import { expect, test } from "vitest";
import { createDrawQueue } from "./drawQueue";

/** A queue whose frames and clock are the test's: a job that is drawn takes what it says. */
function queueOf() {
  const frames: (() => void)[] = [];
  const ran: string[] = [];
  let now = 0;
  let draws = 0;
  const queue = createDrawQueue({
    nextFrame: (run) => void frames.push(run),
    draw: (jobs) => {
      draws++;
      jobs();
    },
    nowMs: () => now,
  });
  const job = (name: string, ms: number) => () => {
    ran.push(name);
    now += ms;
  };
  return { queue, job, ran, frame: () => frames.shift()?.(), draws: () => draws };
}

test("figures are drawn in order until a frame's time is gone, and the rest in the next one", () => {
  const { queue, job, ran, frame } = queueOf();
  for (const name of ["a", "b", "c", "d"]) queue.request(job(name, 5), { name });
  expect(ran).toEqual([]);
  frame();
  expect(ran).toEqual(["a", "b"]);
  frame();
  expect(ran).toEqual(["a", "b", "c", "d"]);
});

test("a figure that takes longer than a frame's time is drawn alone", () => {
  const { queue, job, ran, frame } = queueOf();
  for (const name of ["a", "b"]) queue.request(job(name, 30), { name });
  frame();
  expect(ran).toEqual(["a"]);
});

test("all jobs of a figure are done together and drawn once", () => {
  const { queue, job, ran, frame, draws } = queueOf();
  const [one, other] = [{}, {}];
  queue.request(job("one 1", 1), one);
  queue.request(job("other", 1), other);
  queue.request(job("one 2", 1), one);
  frame();
  expect(ran).toEqual(["one 1", "one 2", "other"]);
  expect(draws()).toBe(2);
});

test("a job taken back never runs", () => {
  const { queue, job, ran, frame } = queueOf();
  const figure = {};
  queue.request(job("a", 1), figure);
  queue.request(job("b", 1), figure)();
  frame();
  expect(ran).toEqual(["a"]);
});

test("an emptied queue starts again with the next request", () => {
  const { queue, job, ran, frame } = queueOf();
  queue.request(job("a", 1), {});
  frame();
  frame();
  queue.request(job("b", 1), {});
  frame();
  expect(ran).toEqual(["a", "b"]);
});

test("a figure that fails keeps no other from being drawn", () => {
  const { queue, job, ran, frame } = queueOf();
  const fail = () => {
    throw new Error("no");
  };
  queue.request(fail, {});
  queue.request(job("a", 1), {});
  expect(frame).toThrow("no");
  frame();
  expect(ran).toEqual(["a"]);
});
