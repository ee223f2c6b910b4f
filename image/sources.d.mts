export const ROOT: string;
export function sourceFiles(): string[];
export function makerFiles(): string[];
