/** What a linear map may do to its result, and the gradient of that. */
export type Activation = "none" | "gelu" | "gelu-tanh" | "quick-gelu" | "silu";

/** Activations there is something to compute for. */
export type RealActivation = Exclude<Activation, "none">;

/** sqrt(2/pi), doubled because 0.5 (1 + tanh u) = sigmoid(2u). */
export const GELU_SLOPE = 2 * Math.sqrt(2 / Math.PI);
export const GELU_CUBIC = 0.044715;

/** CLIP's GELU is a sigmoid(1.702 a). */
export const QUICK_GELU_SLOPE = 1.702;
/** 1 / sqrt(2 pi), the height of the normal density. */
export const NORMAL_HEIGHT = 1 / Math.sqrt(2 * Math.PI);

const GATE = `
fn gateOf(u: vec4f) -> vec4f { return 1.0 / (1.0 + exp(-clamp(u, vec4f(-80.0), vec4f(80.0)))); }`;

/**
 * The normal distribution function: half of 1 + erf(a / sqrt 2), erf to 1.5e-7, by the tail so that large negative
 * numbers keep their digits.
 * @source Abramowitz and Stegun 7.1.26, which tfjs computes erf with too
 */
const NORMAL = `
fn bell(a: vec4f) -> vec4f { return exp(max(a * a * -0.5, vec4f(-80.0))); }
fn normalOf(a: vec4f) -> vec4f {
  let t = 1.0 / (1.0 + abs(a) * ${0.3275911 * Math.SQRT1_2});
  let series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  let tail = 0.5 * series * bell(a);
  return select(1.0 - tail, tail, a < vec4f(0.0));
}`;

/** WGSL of `activate(a)` and `slope(a)`, the function and its derivative, four numbers at a time. */
export const ACTIVATION_WGSL: Readonly<Record<Activation, string>> = {
  none: "",
  silu: `${GATE}
fn activate(a: vec4f) -> vec4f { return a * gateOf(a); }
fn slope(a: vec4f) -> vec4f { let s = gateOf(a); return s + a * (s - s * s); }`,
  "quick-gelu": `${GATE}
fn activate(a: vec4f) -> vec4f { return a * gateOf(a * ${QUICK_GELU_SLOPE}); }
fn slope(a: vec4f) -> vec4f {
  let s = gateOf(a * ${QUICK_GELU_SLOPE});
  return s + a * ${QUICK_GELU_SLOPE} * (s - s * s);
}`,
  gelu: `${NORMAL}
fn activate(a: vec4f) -> vec4f { return a * normalOf(a); }
fn slope(a: vec4f) -> vec4f { return normalOf(a) + a * ${NORMAL_HEIGHT} * bell(a); }`,
  "gelu-tanh": `${GATE}
fn bend(a: vec4f) -> vec4f { return a * (a * a * ${GELU_SLOPE * GELU_CUBIC} + ${GELU_SLOPE}); }
fn activate(a: vec4f) -> vec4f { return a * gateOf(bend(a)); }
fn slope(a: vec4f) -> vec4f {
  let s = gateOf(bend(a));
  return s + a * (a * a * ${3 * GELU_SLOPE * GELU_CUBIC} + ${GELU_SLOPE}) * (s - s * s);
}`,
};
