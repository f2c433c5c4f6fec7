import { brief, type Model } from "ntkit";

/** What columns said of the training rows, a line for each. */
export function rowLines({ rowColumns = {}, weightless = 0, leftOut }: Model): string[] {
  const { weight, group, time } = rowColumns;
  const none = weightless === 0 ? "" : `; ${rowsOf(weightless)} of weight 0 left out`;
  return [
    ...(weight === undefined ? [] : [brief(`weights: rows count by column "${weight}", in scores too${none}`)]),
    ...(group === undefined
      ? []
      : [brief(`groups: ${leftOut} by column "${group}", each held out and judged as a whole`)]),
    ...(time === undefined
      ? []
      : [brief(`time: rows are held out and judged by column "${time}", the past before the future`)]),
  ];
}

/** By what models were judged and chosen. */
export function judgedBy({ rowColumns = {} }: Model): string {
  if (rowColumns.time !== undefined) return "earlier rows";
  return rowColumns.group === undefined ? "leave-one-out" : "leave-one-group-out";
}

/** The same for --json. */
export function rowsSummary({ rowColumns, weightless }: Model): object {
  return { rowColumns: rowColumns ?? {}, ...(weightless === undefined ? {} : { weightless }) };
}

function rowsOf(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}
