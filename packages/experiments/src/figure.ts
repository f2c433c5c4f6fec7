/*
 * Figures as plain data: what is shown, not how. One function draws them, in Node and in a page.
 */

export interface Figure {
  /** The name of its file. */
  readonly id: string;
  readonly title: string;
  /** What to see in it, one or two sentences. */
  readonly caption: string;
  readonly panels: readonly Panel[];
}

export interface Panel {
  readonly title?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: readonly Mark[];
}

export interface Axis {
  /** With its unit, where it has one. */
  readonly label: string;
  readonly scale?: "linear" | "log";
  /** What is shown; all of the marks by default. What lies beyond is cut off. */
  readonly domain?: readonly [number, number];
  /** Where numbers stand, for widths and the like. */
  readonly ticks?: readonly number[];
}

export type Point = readonly [x: number, y: number];

interface Labelled {
  /** In the legend, which names each label once. Marks of one label have one colour across panels. */
  readonly label?: string;
  /** Place in the palette, 0 to 7; by the order of labels when absent. */
  readonly color?: number;
}

/** Theory: a line. */
export interface LineMark extends Labelled {
  readonly kind: "line";
  readonly points: readonly Point[];
  readonly dashed?: boolean;
  readonly width?: number;
}

/** Measurements: points, with error bars from `low` to `high` where they have them. */
export interface PointsMark extends Labelled {
  readonly kind: "points";
  readonly points: readonly Point[];
  readonly low?: readonly number[];
  readonly high?: readonly number[];
  readonly symbol?: "circle" | "square" | "triangle" | "times" | "diamond";
  readonly size?: number;
}

/** What lies between two curves over the same x. */
export interface BandMark extends Labelled {
  readonly kind: "band";
  readonly x: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** A line across the whole panel. */
export interface RuleMark extends Labelled {
  readonly kind: "ruleX" | "ruleY";
  readonly at: number;
  readonly dashed?: boolean;
}

export interface TextMark {
  readonly kind: "text";
  readonly at: Point;
  readonly text: string;
  readonly anchor?: "start" | "middle" | "end";
}

export type Mark = LineMark | PointsMark | BandMark | RuleMark | TextMark;
