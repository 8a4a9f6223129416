const [WIDTH, HEIGHT, STEPS] = [72, 6, 24];

/** Colours of a scale from its first to its last, for a legend. */
export function Ramp({ colorAt }: { readonly colorAt: (share: number) => string }) {
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden="true">
      {Array.from({ length: STEPS }, (_, index) => (
        <rect
          key={index}
          x={(index * WIDTH) / STEPS}
          width={WIDTH / STEPS + 0.3}
          height={HEIGHT}
          fill={colorAt(index / (STEPS - 1))}
        />
      ))}
    </svg>
  );
}
