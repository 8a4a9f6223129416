import {
  linearSchedule,
  spacedSchedule,
  spacedSteps,
  stridedSteps,
  type DdpmSchedule,
} from "../../src/common/math/ddpmSchedule";
import { compareArrays, maxAbs } from "./arrays";
import type { DitFixture } from "./ditFixture";
import type { ParityCase } from "./types";

/** float64 against float64: rounding alone. */
const RELATIVE = 1e-12;

/** A schedule's arrays under the reference's names. */
const arraysOf = (schedule: DdpmSchedule): Readonly<Record<string, ArrayLike<number>>> => {
  const { alphasCumprod: acp } = schedule;
  return {
    betas: schedule.betas,
    alphas_cumprod: acp,
    alphas_cumprod_prev: schedule.alphasCumprodPrev,
    alphas_cumprod_next: Float64Array.of(...acp.subarray(1), 0),
    posterior_variance: schedule.posteriorVariance,
    posterior_log_variance_clipped: schedule.posteriorLogVariance,
    posterior_mean_coef1: schedule.posteriorOnData,
    posterior_mean_coef2: schedule.posteriorOnState,
    sqrt_alphas_cumprod: acp.map(Math.sqrt),
    sqrt_one_minus_alphas_cumprod: acp.map((signal) => Math.sqrt(1 - signal)),
    log_one_minus_alphas_cumprod: acp.map((signal) => Math.log(1 - signal)),
    sqrt_recip_alphas_cumprod: acp.map((signal) => Math.sqrt(1 / signal)),
    sqrt_recipm1_alphas_cumprod: acp.map((signal) => Math.sqrt(1 / signal - 1)),
    timestep_map: schedule.timesteps,
  };
};

/** The steps a spacing as the reference writes it keeps: "10", "ddim50" or "10,15,20". */
export function keptSteps(total: number, spacing: string): number[] {
  const strided = /^ddim(\d+)$/.exec(spacing);
  return strided
    ? stridedSteps(total, Number(strided[1]))
    : spacedSteps(total, spacing.split(",").map(Number));
}

/** The schedule samplers of a manifest take their steps on. */
export function samplerSchedule({ manifest }: DitFixture): DdpmSchedule {
  const { diffusion_steps: total, timestep_respacing: spacing = "" } = manifest.config;
  const schedule = linearSchedule(total);
  return spacing === "" ? schedule : spacedSchedule(schedule, keptSteps(total, spacing));
}

function arrayCase(fixture: DitFixture, name: string, schedule: () => DdpmSchedule): ParityCase {
  return {
    name,
    covers: [name],
    run: () => {
      const got = arraysOf(schedule())[name.slice(name.indexOf(".") + 1)];
      if (!got) throw new Error(`this project has no array "${name}"`);
      const want = fixture.numbers(name);
      return compareArrays(name, got, want, RELATIVE * maxAbs(want));
    },
  };
}

/** The schedule, its spacings, and the schedule of a spacing. */
export function scheduleCases(fixture: DitFixture): ParityCase[] {
  const { manifest } = fixture;
  const full = () => linearSchedule(manifest.config.diffusion_steps);
  const spots = Object.entries(manifest.schedule_spot_values).map(([name, values]): ParityCase => ({
    name: `schedule_spot_values.${name}`,
    run: () => {
      const array = arraysOf(full())[name] ?? [];
      const want = Object.values(values);
      const got = Object.keys(values).map((step) => array[Number(step)] ?? NaN);
      return compareArrays(name, got, want, 1e-11 * maxAbs(want)); // stored with twelve digits
    },
  }));
  const spacings = Object.entries(manifest.space_timesteps).map(([key, want]): ParityCase => {
    const [, total = "", spacing = ""] = /^(\d+) steps, "(.+)"$/.exec(key) ?? [];
    return {
      name: `space_timesteps ${key}`,
      run: () => compareArrays(key, keptSteps(Number(total), spacing), want, 0),
    };
  });
  const named = (prefix: string) => fixture.names.filter((name) => name.startsWith(prefix));
  return [
    ...named("schedule.").map((name) => arrayCase(fixture, name, full)),
    ...spots,
    ...spacings,
    ...named("spaced.").map((name) => arrayCase(fixture, name, () => samplerSchedule(fixture))),
  ];
}
