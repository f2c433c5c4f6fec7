import { DataError } from "ntkit";
import { checkWritable, writeFileAtomic } from "./io/write-file.ts";

export type PlotModule = typeof import("@observablehq/plot");
export type PlotOptions = import("@observablehq/plot").PlotOptions;

/** Draws figures as elements of a document of its own. */
export interface Drawing {
  readonly Plot: PlotModule;
  readonly document: ReturnType<typeof import("linkedom")["parseHTML"]>["document"];
}

/** Loaded when a figure is drawn: they take longer to start than everything else together. */
export async function drawing(): Promise<Drawing> {
  const Plot = await import("@observablehq/plot");
  const { parseHTML } = await import("linkedom");
  return { Plot, document: parseHTML("<html><body></body></html>").document };
}

/** Throws, before any work is done, when the picture could not be written. */
export async function checkSvgPath(path: string): Promise<void> {
  if (!path.endsWith(".svg")) throw new DataError(`${path}: plots are written as .svg`);
  await checkWritable(path);
}

export async function writeSvg(path: string, svg: string): Promise<void> {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${svg}\n`;
  await writeFileAtomic(path, (write) => write(new TextEncoder().encode(text)));
}
