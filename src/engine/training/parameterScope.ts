/** The first two parts of a parameter's name: `projectors.0` of `projectors.0.2.weight`. */
export const scopeOf = (name: string): string => name.split(".").slice(0, 2).join(".");
