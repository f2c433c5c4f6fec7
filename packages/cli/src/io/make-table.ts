import { type Column, DataError, listed, type Table } from "ntkit";

/** A table of the columns that `column` makes; errors of a column say which file. Names must differ. */
export function makeTable(
  source: string,
  names: readonly string[],
  rows: number,
  column: (name: string, j: number) => Column,
): Table {
  if (new Set(names).size < names.length) {
    const twice = names.find((name, j) => names.indexOf(name) !== j);
    const places = names.flatMap((name, j) => (name === twice ? [`${j + 1}`] : []));
    throw new DataError(
      `${source}: columns ${listed(places.slice(0, -1))} and ${places.at(-1)} have the same name "${twice}": rename all but one`,
    );
  }
  try {
    const columns = names.map(column);
    return {
      source,
      names,
      rows,
      columns: names.length > 2 ? columns.map((own, j) => asideIfCounting(names[j]!, own)) : columns,
    };
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`${source}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Fewer rows than this may count by chance. */
const MIN_COUNTED = 10;
/** What such a column is called when it is a time or a place along a line, which may well matter. */
const MEASURED =
  /^(t|x|time|times?tamp|date|second|minute|hour|day|week|month|quarter|year|yr|step|epoch|period|age|dose|position|pos|depth|distance)s?$/i;
const ROW_ID = /^(id|idx|index|row|nr|no|num|number|#|.*[ _.-](id|nr|no|index))$/i;

/** The column, set aside when it only counts the rows: 0, 1, 2, … or 1, 2, 3, …, or from any number on when its name is one for ids. */
function asideIfCounting(name: string, column: Column): Column {
  if (column.aside !== undefined || column.kind !== "numeric" || column.values.length < MIN_COUNTED) return column;
  const { values } = column;
  const first = values[0]!;
  const counts = Number.isInteger(first) && values.every((value, i) => value === first + i);
  if (!counts || MEASURED.test(name) || !(first === 0 || first === 1 || ROW_ID.test(name))) return column;
  return { ...column, aside: `numbers the rows, from ${first} to ${values.at(-1)}` };
}
