import { DataError, printable } from "ntkit";
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

/** The text as content of an element or an attribute. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Characters that XML 1.0 has no way to write, but for those that `printable` shows. */
const NOT_IN_XML = /[\ud800-\udfff\ufffe\uffff]/gu;

/** A document in which names from data cannot hold what no document may hold: control characters are shown as escapes. */
export function wellFormed(document: string): string {
  return document.replace(/[^\n]+/g, printable).replace(NOT_IN_XML, "\ufffd");
}

export async function writeSvg(path: string, svg: string): Promise<void> {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${wellFormed(svg)}\n`;
  await writeFileAtomic(path, (write) => write(new TextEncoder().encode(text)));
}
