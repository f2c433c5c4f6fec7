import { brief, copiesOfTarget, listed, type Model, type Table } from "ntkit";

/** What a model made of its table that one should know: values clipped, rows left out, the target's scale, columns that give it away. */
export function remarkLines(model: Model, table: Table): string[] {
  return [...copyLines(model, table), ...valueLines(model)];
}

/** The same without its table. */
export function valueLines(model: Model): string[] {
  return [...clippedLines(model), ...(model.task === "regression" ? targetLines(model) : [])];
}

/** Such columns that the model learns from. */
export function learnedCopies({ preprocessor, target }: Model, table: Table): readonly string[] {
  const learned = new Set(preprocessor.features.map(({ name }) => name));
  return copiesOfTarget(table, target).filter((name) => learned.has(name));
}

function copyLines(model: Model, table: Table): string[] {
  const copies = learnedCopies(model, table).map((name) => `"${name}"`);
  if (copies.length === 0) return [];
  const [columns, say, are] = copies.length === 1 ? ["column", "says", "is"] : ["columns", "say", "are"];
  return [
    brief(
      `caution: the ${columns} ${listed(copies, 5)} ${say} what "${model.target}" is: --exclude what ${are} not known before it`,
    ),
  ];
}

/** Columns of which a line is said. */
const MOST_LINES = 5;

function clippedLines({ preprocessor }: Model): string[] {
  const lines = preprocessor.features.flatMap((feature) => {
    if (feature.kind !== "numeric" || !feature.clipped) return [];
    const { count, range } = feature.clipped;
    const [least, most] = range.map((value) => value.toPrecision(4));
    const values = count === 1 ? "1 value" : `${count} values`;
    return [
      brief(
        `clipped: column "${feature.name}" holds ${values} far from all others, which are taken as the nearest of ${least} … ${most}`,
      ),
    ];
  });
  const more = lines.length - MOST_LINES;
  return [...lines.slice(0, MOST_LINES), ...(more > 0 ? [`and ${more} more columns are clipped`] : [])];
}

const SCALES = { root: "square root", log: "logarithm" } as const;

function targetLines({ slips = [], target, transform }: Extract<Model, { task: "regression" }>): string[] {
  const [rows, its] = slips.length === 1 ? ["1 row", "its"] : [`${slips.length} rows`, "their"];
  const values = listed(
    slips.map((value) => value.toPrecision(4)),
    5,
  );
  return [
    ...(slips.length === 0
      ? []
      : [
          brief(`left out: ${rows} to learn from, since ${its} "${target}" is far from what the others say: ${values}`),
        ]),
    ...(transform === "identity"
      ? []
      : [
          brief(
            `scale: the ${SCALES[transform]} of "${target}" is learned, which gives rows left out the larger density`,
          ),
        ]),
  ];
}
