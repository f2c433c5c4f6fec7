import { brief, type Model } from "ntkit";

/** What columns said of the training rows, a line for each. */
export function rowLines({ rowColumns = {}, weightless = 0, leftOut }: Model): string[] {
  const { weight, group } = rowColumns;
  const none = weightless === 0 ? "" : `; ${rowsOf(weightless)} of weight 0 left out`;
  return [
    ...(weight === undefined ? [] : [brief(`weights: rows count by column "${weight}", in scores too${none}`)]),
    ...(group === undefined
      ? []
      : [brief(`groups: ${leftOut} by column "${group}", each held out and judged as a whole`)]),
  ];
}

/** The same for --json. */
export function rowsSummary({ rowColumns, weightless }: Model): object {
  return { rowColumns: rowColumns ?? {}, ...(weightless === undefined ? {} : { weightless }) };
}

function rowsOf(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}
