/** Two token grids and the line that aligns them: the same drawing as public/icon.svg. */
export function Logo({ size }: { readonly size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#5b5bd6" />
      <path d="M9 10.5 C15 10.5 17 21.5 23 21.5" fill="none" stroke="#fff" strokeWidth="2.2" />
      <circle cx="9" cy="10.5" r="3.4" fill="#fff" />
      <circle cx="9" cy="21.5" r="3.4" fill="#fff" fillOpacity="0.45" />
      <circle cx="23" cy="10.5" r="3.4" fill="#fff" fillOpacity="0.45" />
      <circle cx="23" cy="21.5" r="3.4" fill="#7fe3d2" />
    </svg>
  );
}
