/** What a linear map may do to its result, and the gradient of that. */
export type Activation = "none" | "gelu-tanh" | "silu";

/** Activations there is something to compute for. */
export type RealActivation = Exclude<Activation, "none">;

/** sqrt(2/pi), doubled because 0.5 (1 + tanh u) = sigmoid(2u). */
export const GELU_SLOPE = 2 * Math.sqrt(2 / Math.PI);
export const GELU_CUBIC = 0.044715;

const GATE = `
fn gateOf(u: vec4f) -> vec4f { return 1.0 / (1.0 + exp(-clamp(u, vec4f(-80.0), vec4f(80.0)))); }`;

/** WGSL of `activate(a)` and `slope(a)`, the function and its derivative, four numbers at a time. */
export const ACTIVATION_WGSL: Readonly<Record<Activation, string>> = {
  none: "",
  silu: `${GATE}
fn activate(a: vec4f) -> vec4f { return a * gateOf(a); }
fn slope(a: vec4f) -> vec4f { let s = gateOf(a); return s + a * (s - s * s); }`,
  "gelu-tanh": `${GATE}
fn bend(a: vec4f) -> vec4f { return a * (a * a * ${GELU_SLOPE * GELU_CUBIC} + ${GELU_SLOPE}); }
fn activate(a: vec4f) -> vec4f { return a * gateOf(bend(a)); }
fn slope(a: vec4f) -> vec4f {
  let s = gateOf(bend(a));
  return s + a * (a * a * ${3 * GELU_SLOPE * GELU_CUBIC} + ${GELU_SLOPE}) * (s - s * s);
}`,
};
