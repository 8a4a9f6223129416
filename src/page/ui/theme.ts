import { createTheme } from "@mantine/core";

/** One accent, quiet greys; the rest of the colours (charts, surfaces) are CSS variables in theme.css. */
export const theme = createTheme({
  fontFamily:
    'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  headings: { fontWeight: "600" },
  primaryColor: "iris",
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "4px", md: "6px", lg: "10px", xl: "16px" },
  cursorType: "pointer",
  colors: {
    iris: [
      "#f4f4fe",
      "#e6e6fb",
      "#cbcbf5",
      "#adadef",
      "#9393ea",
      "#8080e8",
      "#6a6ade",
      "#5b5bd6",
      "#4c4cc0",
      "#4040a6",
    ],
    dark: [
      "#e4e4e9",
      "#b6b6c0",
      "#9393a0",
      "#6e6e7a",
      "#34343d",
      "#2a2a32",
      "#202027",
      "#18181d",
      "#121216",
      "#0c0c0f",
    ],
  },
});
