/** x_t = alpha(t) x* + sigma(t) eps; t = 0 is data, t = 1 is noise. */
export type PathKind = "linear" | "cosine";

export interface InterpolantCoefficients {
  readonly alpha: number;
  readonly sigma: number;
  /** d alpha / dt and d sigma / dt, per unit of t. */
  readonly dAlpha: number;
  readonly dSigma: number;
}

/**
 * The path's coefficients at one time t in [0, 1].
 * @source SiT (arXiv:2401.08740) section 2; sihyun-yu/REPA loss.py SILoss.interpolant
 */
export function interpolant(path: PathKind, t: number): InterpolantCoefficients {
  if (path === "linear") return { alpha: 1 - t, sigma: t, dAlpha: -1, dSigma: 1 };
  const angle = (Math.PI / 2) * t;
  return {
    alpha: Math.cos(angle),
    sigma: Math.sin(angle),
    dAlpha: (-Math.PI / 2) * Math.sin(angle),
    dSigma: (Math.PI / 2) * Math.cos(angle),
  };
}

/**
 * The score as a combination of velocity and state: score = onVelocity v + onState x.
 * With r = alpha / alpha' and var = sigma² - r sigma' sigma it is (r v - x) / var; t must be above 0.
 * @source SiT Eq. 9; sihyun-yu/REPA samplers.py get_score_from_velocity
 */
export function scoreCoefficients(
  path: PathKind,
  t: number,
): { readonly onVelocity: number; readonly onState: number } {
  const { alpha, sigma, dAlpha, dSigma } = interpolant(path, t);
  const ratio = alpha / dAlpha;
  const variance = sigma * sigma - ratio * dSigma * sigma;
  return { onVelocity: ratio / variance, onState: -1 / variance };
}
