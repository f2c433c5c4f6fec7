// The program of a worker thread. It and what it imports must not import packages by name: browsers resolve those by
// the page's import map, which workers do not see.
import { collectGarbage } from "./collect.ts";
import { makeContext } from "./context.ts";
import { runHandler } from "./handlers.ts";
import type { Answer, Order } from "./worker-port.ts";

interface Channel {
  postMessage(message: Answer): void;
}

interface BrowserScope extends Channel {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

const context = makeContext();
const node = globalThis.process?.getBuiltinModule?.("node:worker_threads").parentPort;
if (node) node.on("message", (order: Order) => obey(order, node));
else {
  const scope = globalThis as unknown as BrowserScope; // a dedicated worker's global scope
  scope.addEventListener("message", ({ data }) => obey(data as Order, scope)); // only the pool posts here
}

function obey(order: Order, channel: Channel): void {
  if (order.kind === "set") context.set(order.id, order.value);
  else if (order.kind === "drop") collectGarbage(context.drop(order.id));
  else if (order.kind === "collect") collectGarbage(order.bytes);
  else channel.postMessage(answerTo(order.ticket, order.handler, order.args));
}

function answerTo(ticket: number, handler: string, args: unknown): Answer {
  try {
    return { ticket, result: runHandler(context, handler, args) };
  } catch (error) {
    return { ticket, failure: error instanceof Error ? error.message : String(error) };
  }
}
