import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Contender, Timed } from "./measure.ts";

const FOLDER = fileURLToPath(new URL("../peers/", import.meta.url));
const PYTHON = `${FOLDER}.venv/bin/python`;

/** The process that runs the peers' work, one request at a time. */
export interface Peer {
  /** Libraries and their versions. */
  readonly about: readonly string[];
  ask(request: PeerRequest): Promise<Timed>;
  /** Frees what the peer keeps between requests. */
  forget(): Promise<void>;
  close(): void;
}

export type PeerRequest = Readonly<Record<string, string | number | readonly number[]>> & { readonly op: string };

/** Starts the peers in the environment that `bench/peers/setup.sh` makes, with the given number of BLAS threads. */
export async function startPeer(threads: number): Promise<Peer> {
  if (!existsSync(PYTHON)) throw new Error(`there is no ${PYTHON}: run bench/peers/setup.sh first`);
  const child = spawn(PYTHON, [`${FOLDER}peer.py`], {
    env: { ...process.env, OPENBLAS_NUM_THREADS: String(threads), OMP_NUM_THREADS: String(threads) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const exchange = (request: PeerRequest) => roundTrip(child, lines, request);
  const { versions, blas } = await exchange({ op: "about" });
  const about = Object.entries(versions as Record<string, string>).map(([name, version]) => `${name} ${version}`);
  return {
    about: [...about, ...(blas as string[])],
    ask: async (request) => (await exchange(request)) as unknown as Timed, // as peer.py answers
    forget: async () => void (await exchange({ op: "forget" })),
    close: () => void child.kill(),
  };
}

type Reply = Readonly<Record<string, unknown>>;

function roundTrip(child: ChildProcess, lines: Interface, request: PeerRequest): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      lines.off("line", onLine);
      child.off("exit", onExit);
      act();
    };
    const onLine = (line: string): void => {
      const reply = JSON.parse(line) as Reply;
      settle(() => (typeof reply["error"] === "string" ? reject(new Error(reply["error"])) : resolve(reply)));
    };
    const onExit = (code: number | null, signal: string | null): void =>
      settle(() => reject(new Error(`the peer process ended with ${signal ?? `code ${code}`}`)));
    lines.on("line", onLine);
    child.on("exit", onExit);
    child.stdin!.write(`${JSON.stringify(request)}\n`);
  });
}

/** The peer's way of doing the work, or nobody when there is no peer. */
export function peerContender(peer: Peer | null, name: string, request: PeerRequest): Contender[] {
  return peer ? [{ name, run: () => peer.ask(request) }] : [];
}
