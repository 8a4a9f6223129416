import { LogChart } from "./LogChart";

export const VelocityLossChart = () => (
  <LogChart
    column="velocityLoss"
    label="Velocity loss by training step"
    title="Denoising loss"
    color="var(--chart-velocity)"
    note="Batch mean of |v − v*|², velocity prediction"
  />
);

export const AlignmentLossChart = () => (
  <LogChart
    column="projLoss"
    label="Alignment loss by training step"
    title="Alignment loss"
    color="var(--chart-alignment)"
    note="Before λ; cosine objective: −1 is perfect agreement, 0 none"
  />
);

export const GradNormChart = () => (
  <LogChart
    column="gradNorm"
    label="Gradient norm by training step"
    title="Gradient norm"
    color="var(--chart-gradient)"
    note="Global L2 norm of all gradients, before clipping"
    wide
  />
);
