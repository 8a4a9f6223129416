import { describe, expect, test } from "vitest";
import { findRaces, type Finding } from "./findRaces";

/** A program of one buffer `y` of 64 numbers (or vec4s), on two workgroups of eight unless said otherwise. */
const program = (body: string, declarations = "", element = "f32") => `
struct Uniforms { n: u32, limit: i32, scale: f32 }
@group(0) @binding(0) var<storage, read_write> y: array<${element}>;
@group(0) @binding(1) var<storage, read> x: array<i32>;
@group(0) @binding(2) var<uniform> uniforms: Uniforms;
${declarations}
@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) global: vec3u, @builtin(workgroup_id) group: vec3u,
        @builtin(local_invocation_index) lane: u32) {
${body}
}`;

function findingsIn(text: string, workgroups: [number, number, number] = [2, 1, 1]): Finding[] {
  return findRaces({ text, uniforms: { n: 5, limit: -3 }, workgroups, elements: { y: 64 } });
}

const kinds = (text: string) => findingsIn(text).map(({ kind, where }) => `${kind}: ${where}`);

/** The shared product before it was mended, as it was generated, without what comes after the sums. */
const RACY_PRODUCT = `
struct Uniforms { m: u32, n: u32, k: u32, chunk: u32, stride: u32, scale: f32 }
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<uniform> uniforms: Uniforms;
var<workgroup> tileA: array<array<vec4<f32>, 16>, 16>;
var<workgroup> tileB: array<array<vec4<f32>, 16>, 16>;
@compute @workgroup_size(16, 16, 1)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) group: vec3u,
        @builtin(local_invocation_index) lane: u32) {
let row0 = group.y * 64u; let column0 = group.x * 64u;
var acc0 = vec4f(0.0);
for (var k0 = 0u; k0 < uniforms.k; k0 += 16u) {
  for (var i = 0u; i < 4u; i++) {
    let e = lane + 256u * i;
    { let m = e / 16u; let kk = e % 16u; let r = row0 + m; let k = k0 + kk; var value = 0.0;
      if (r < uniforms.m && k < uniforms.k) { value = a[r * uniforms.k + k]; }
      tileA[kk][m / 4u][m % 4u] = f32(value); }
    { let n = e / 16u; let kk = e % 16u; let c = column0 + n; let k = k0 + kk; var value = 0.0;
      if (c < uniforms.n && k < uniforms.k) { value = b[c * uniforms.k + k]; }
      tileB[kk][n / 4u][n % 4u] = f32(value); }
  }
  workgroupBarrier();
  for (var k = 0u; k < 16u; k++) {
    let left = tileA[k][local.y]; let right = tileB[k][local.x];
    acc0 += left[0] * right;
  }
  workgroupBarrier();
}
}`;

test("the shared product as it was: invocations that write components of one vec4", () => {
  const uniforms = { m: 65, n: 67, k: 33, chunk: 67, stride: 65 * 67 };
  const workgroups = [2, 2, 1] as const;
  const findings = findRaces({
    text: RACY_PRODUCT,
    uniforms,
    workgroups,
    elements: { y: 65 * 67 },
  });
  expect(findings.map(({ kind, where }) => `${kind}: ${where}`)).toEqual([
    "both write: tileA",
    "both write: tileB",
  ]);
  expect(findings[0]?.message).toBe(
    "tileA[0][0], after 0 barriers: invocation 0 of workgroup (0, 0, 0) and invocation 16 of workgroup (0, 0, 0) both write it.",
  );
});

describe("workgroup memory", () => {
  const scratch = "var<workgroup> part: array<vec4f, 8>; var<workgroup> one: f32;";

  test("each its own element, read after a barrier: nothing to find", () => {
    const body = "part[lane] = vec4f(1.0); workgroupBarrier(); y[global.x] = part[7u - lane].x;";
    expect(kinds(program(body, scratch))).toEqual([]);
  });

  test("two invocations write one element", () => {
    expect(kinds(program("part[lane / 2u] = vec4f(1.0);", scratch))).toEqual(["both write: part"]);
    expect(kinds(program("one = 1.0;", scratch))).toEqual(["both write: one"]);
    // components are no elements of their own, by index or by name
    expect(kinds(program("part[lane / 4u][lane % 4u] = 1.0;", scratch))).toEqual([
      "both write: part",
    ]);
    expect(
      kinds(
        program(
          "if (lane == 0u) { part[0].x = 1.0; } if (lane == 1u) { part[0].y = 1.0; }",
          scratch,
        ),
      ),
    ).toEqual(["both write: part"]);
  });

  test("columns of a matrix and members of a structure are elements of their own", () => {
    const memory = `struct Pair { first: vec2f, second: array<f32, 8> }
var<workgroup> columns: mat4x2<f32>; var<workgroup> pair: Pair;`;
    const own = "if (lane < 4u) { columns[lane][1] = 1.0; } pair.second[lane] = 1.0;";
    expect(kinds(program(own, memory))).toEqual([]);
    const shared = "if (lane < 4u) { columns[1][lane % 2u] = 1.0; } pair.first[lane % 2u] = 1.0;";
    expect(kinds(program(shared, memory))).toEqual(["both write: columns", "both write: pair"]);
    expect(
      kinds(program("pair.second[lane] = 1.0; if (lane == 3u) { pair = Pair(); }", memory)),
    ).toEqual(["both write: pair"]);
  });

  test("one invocation reads what another writes, without a barrier between them", () => {
    const body = "part[lane] = vec4f(1.0); y[global.x] = part[7u - lane].x;";
    const [finding] = findingsIn(program(body, scratch));
    expect(finding?.kind).toBe("one reads what the other writes");
    // += reads as well, and so do arguments of functions
    expect(kinds(program("if (lane < 4u) { part[lane] += part[lane + 4u]; }", scratch))).toEqual(
      [],
    );
    expect(kinds(program("if (lane < 4u) { part[lane] += part[lane + 2u]; }", scratch))).toEqual([
      "one reads what the other writes: part",
    ]);
  });

  test("a sum by halves: with its barriers clean, without one not", () => {
    const halves = (barrier: string) =>
      program(
        "one_sum(lane);",
        `${scratch}
fn one_sum(lane: u32) {
  part[lane] = vec4f(2.0);
  for (var half = 4u; half > 0u; half /= 2u) {
    ${barrier}
    if (lane < half) { part[lane] += part[lane + half]; }
  }
}`,
      );
    expect(kinds(halves("workgroupBarrier();"))).toEqual([]);
    expect(kinds(halves(""))).toEqual(["one reads what the other writes: part"]);
  });

  test("an index past the end of an array", () => {
    expect(kinds(program("part[lane + 1u] = vec4f(1.0);", scratch))).toEqual(["outside: part"]);
    expect(kinds(program("if (lane > 0u) { part[lane - 1u] = vec4f(1.0); }", scratch))).toEqual([]);
    expect(kinds(program("part[lane - 1u] = vec4f(1.0);", scratch))).toEqual(["outside: part"]);
  });
});

describe("storage buffers", () => {
  test("invocations of different workgroups write one element", () => {
    expect(kinds(program("y[global.x] = 1.0;"))).toEqual([]);
    const [finding] = findingsIn(program("y[lane] = 1.0;"));
    expect(finding?.message).toBe(
      "y[0], in one dispatch: invocation 0 of workgroup (0, 0, 0) and invocation 0 of workgroup (1, 0, 0) both write it.",
    );
    // numbers that are each other's neighbours may lie in one vec4
    expect(kinds(program("y[global.x / 4u][global.x % 4u] = 1.0;", "", "vec4f"))).toEqual([
      "both write: y",
    ]);
  });

  test("a barrier of the workgroup orders no other workgroup", () => {
    const body =
      "y[global.x] = 1.0; workgroupBarrier(); if (lane == 0u) { y[global.x] = y[15u - global.x]; }";
    expect(kinds(program(body))).toEqual(["one reads what the other writes: y"]);
  });

  test("past the end of the buffer", () => {
    expect(kinds(program("y[global.x * 5u] = 1.0;"))).toEqual(["outside: y"]);
  });
});

describe("barriers", () => {
  test("reached by only some invocations", () => {
    const [finding] = findingsIn(program("if (lane < 4u) { workgroupBarrier(); }"));
    expect(finding?.kind).toBe("barrier");
    expect(finding?.message).toMatch(
      /^Invocation 0 meets the barriers of lines \d+, 4 those of none\.$/,
    );
    expect(kinds(program("if (global.x > 9u) { return; } workgroupBarrier();"))).toEqual([
      "barrier: all",
    ]);
    expect(kinds(program("if (group.x > 0u) { return; } workgroupBarrier();"))).toEqual([]);
    expect(kinds(program("for (var i = 0u; i < lane; i++) { workgroupBarrier(); }"))).toEqual([
      "barrier: all",
    ]);
  });

  test("where what memory holds decides whether it is reached", () => {
    const body =
      "for (var i = 0u; i < 2u; i++) { if (x[i] == 0) { continue; } workgroupBarrier(); }";
    expect(findingsIn(program(body)).map(({ kind }) => kind)).toEqual(["barrier"]);
    // after the loop all are together again
    const after = "for (var i = 0u; i < 2u; i++) { if (x[i] == 0) { break; } } workgroupBarrier();";
    expect(kinds(program(after))).toEqual([]);
  });
});

describe("what is not known", () => {
  test("both branches count where memory decides", () => {
    expect(
      kinds(program("if (x[0] > 1) { y[global.x] = 1.0; } else { y[15u - global.x] = 2.0; }")),
    ).toEqual(["both write: y"]);
    expect(kinds(program("if (x[0] > 1 && lane < 9u) { y[global.x] = 1.0; }"))).toEqual([]);
  });

  test("a variable that memory decides is no index", () => {
    const after = "var at = global.x; if (x[0] > 1) { at = 15u - global.x; } y[at] = 1.0;";
    expect(() => kinds(program(after))).toThrow("an index of y that depends on what memory holds");
    expect(() => kinds(program("y[u32(x[0])] = 1.0;"))).toThrow("an index of y");
    // both branches agree
    const same =
      "var at = 0u; if (x[0] > 1) { at = global.x; } else { at = global.x; } y[at] = 1.0;";
    expect(kinds(program(same))).toEqual([]);
  });

  test("a turn that may have been left keeps its variables for the next one", () => {
    const body =
      "var at = 0u; for (var i = 0u; i < 2u; i++) { if (x[i] == 0) { continue; } at = 8u; } y[at + lane] = 1.0;";
    expect(() => kinds(program(body))).toThrow("an index of y");
  });

  test.each([
    ["for (var i = 0; i < x[0]; i++) { y[global.x] = 1.0; }", "a loop whose end depends"],
    ["for (var i = 0u; i < 1u; i += 0u) { y[global.x] = 1.0; }", "a loop that does not end"],
    ["if (x[0] > 1) { return; } y[global.x] = 1.0;", "a return that depends"],
    ["switch (lane) { default: { } }", '"switch"'],
    ["let p = &y[0];", "pointers"],
    ["storageBarrier();", "the function storageBarrier"],
    ["y[missing] = 1.0;", "the name missing"],
  ])("%s is refused", (body, message) => {
    expect(() => kinds(program(body))).toThrow(
      `Line 10: the WGSL checker does not follow ${message}`,
    );
  });
});

describe("whole numbers", () => {
  /** Writes y[expression] from one invocation: the message of an index past the end tells the value. */
  const valueOf = (expression: string, declarations = "") => {
    const text = program(`if (global.x == 0u) { y[(${expression}) + 1000u] = 1.0; }`, declarations);
    return Number(/index (\d+)/.exec(findingsIn(text)[0]?.message ?? "")?.[1]) - 1000;
  };

  test.each([
    ["7u / 2u * 2u + 7u % 4u", 9],
    ["(lane - 1u) / 4294967295u", 1],
    ["4294967295u * 4294967295u", 1],
    ["((5u << 2u) ^ 3u) | (8u & 12u)", 31],
    ["min(uniforms.n, 3u) + max(1u, 2u) + clamp(9u, 1u, 4u)", 9],
    ["select(1u, 2u, uniforms.limit < 0 && !(lane > 3u))", 2],
    ["u32(uniforms.limit + 5) + u32(true)", 3],
    ["u32(-7 / 2 + 4) + u32(-7 % 2 + 2)", 2],
    ["uniforms.n / 0u + uniforms.n % 0u", 5],
    ["SIDE * 0x10u", 64],
    ["nth(3u)", 6],
  ])("%s is %i", (expression, value) => {
    const declarations = `const SIDE = 2u + 2u;
alias Count = u32;
fn nth(n: Count) -> u32 { var sum = 0u; for (var i = 0u; ; i++) { if (i > n) { break; } sum += i; } return sum; }`;
    expect(valueOf(expression, declarations)).toBe(value);
  });
});
