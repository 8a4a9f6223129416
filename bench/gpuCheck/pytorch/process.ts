import { spawn } from "node:child_process";
import type { z } from "zod";
import { parseAnswer, splitLines, torchError, type Answer } from "./protocol";

/** A Python process that answers one question after another. */
export interface PythonProcess {
  /**
   * @param limitMs after this the process is killed: nothing else ends a compilation
   * @throws StudioError BACKEND_FAILED with Python's words, when time is out, or when the process has ended
   */
  readonly ask: <T>(
    command: string,
    fields: object,
    answer: z.ZodType<T>,
    limitMs: number,
  ) => Promise<T>;
  /** Why it no longer answers; undefined while it does. */
  readonly ended: () => string | undefined;
  readonly end: () => void;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: Error) => void;
}

/** How much of what a process writes on standard error is kept, to say why it ended. */
const KEPT_ERROR = 2_000;

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";

/** @param device "cuda"; "cpu" tries the program where there is no GPU */
export function startPython(python: string, script: string, device: "cuda" | "cpu"): PythonProcess {
  const child = spawn(python, [script, device], { stdio: ["pipe", "pipe", "pipe"] });
  const waiting = new Map<number, Waiting>();
  let [nextId, rest, errors] = [1, "", ""];
  let ended: string | undefined;

  const stop = (problem: string) => {
    ended ??= problem;
    for (const { reject } of waiting.values()) reject(torchError(ended));
    waiting.clear();
    child.kill("SIGKILL");
  };
  child.on("error", ({ message }) => stop(`${python} did not start: ${message}`));
  child.on("exit", (code, signal) =>
    stop(`${python} ended (${signal ?? `exit code ${code}`}): ${lastLine(errors)}`),
  );
  child.stdin.on("error", () => undefined); // a process that has ended: "exit" says why
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-KEPT_ERROR);
  });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const split = splitLines(rest + text);
    rest = split.rest;
    for (const line of split.lines) {
      try {
        const answer = parseAnswer(line);
        waiting.get(answer.id)?.resolve(answer);
        waiting.delete(answer.id);
      } catch (thrown) {
        stop(thrown instanceof Error ? thrown.message : String(thrown));
      }
    }
  });

  const answerTo = (command: string, fields: object) =>
    new Promise<Answer>((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      child.stdin.write(`${JSON.stringify({ ...fields, id, command })}\n`);
    });
  return {
    ask: async (command, fields, schema, limitMs) => {
      if (ended !== undefined) throw torchError(ended);
      const timer = setTimeout(
        () => stop(`${command} did not end within ${(limitMs / 1000).toFixed(1)} s`),
        Math.max(0, limitMs),
      );
      const answer = await answerTo(command, fields).finally(() => clearTimeout(timer));
      if (!answer.ok) throw torchError(answer.problem);
      const parsed = schema.safeParse(answer);
      if (parsed.success) return parsed.data;
      throw torchError(`${command} answered ${JSON.stringify(answer).slice(0, 200)}`);
    },
    ended: () => ended,
    end: () => stop("it was ended"),
  };
}
