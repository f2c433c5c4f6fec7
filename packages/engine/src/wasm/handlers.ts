import type { TaskContext } from "./context.ts";
import { eliminate } from "./elimination.ts";
import { gramTiles, gramVariances } from "./gram-tile.ts";
import { applyBlocks, reflectorTriangle } from "./reflectors.ts";
import { productTile } from "./tile-product.ts";
import { reducePanel } from "./tridiagonal.ts";

/** Does one task on whatever thread it is given to. Results are posted back: plain data. */
export type Handler<Args> = (context: TaskContext, args: Args) => unknown;

/** All handlers by name. To add one, add a row: tasks are typed by this table. */
export const handlers: Readonly<{
  "product tile": typeof productTile;
  "reduce panel": typeof reducePanel;
  "reflector triangle": typeof reflectorTriangle;
  "apply reflectors": typeof applyBlocks;
  eliminate: typeof eliminate;
  "gram tiles": typeof gramTiles;
  "gram variances": typeof gramVariances;
}> = {
  "product tile": productTile,
  "reduce panel": reducePanel,
  "reflector triangle": reflectorTriangle,
  "apply reflectors": applyBlocks,
  eliminate,
  "gram tiles": gramTiles,
  "gram variances": gramVariances,
};

export type HandlerName = keyof typeof handlers;

/** Runs a handler by name. Whatever came out of `Task` has the arguments that its handler expects. */
export function runHandler(context: TaskContext, name: string, args: unknown): unknown {
  const handler = (handlers as Readonly<Record<string, Handler<never>>>)[name];
  if (!handler) throw new Error(`there is no handler "${name}"`);
  return handler(context, args as never);
}
