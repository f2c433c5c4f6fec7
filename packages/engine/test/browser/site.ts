import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "vite";

/** Built files by their path, and what the bundler complained about. */
export interface Bundle {
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  readonly warnings: readonly string[];
}

/** Bundles pages from the built packages, as anyone who depends on them would. */
export async function bundle(folder: string, pages: readonly string[]): Promise<Bundle> {
  const warnings: string[] = [];
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      rolldownOptions: {
        input: pages.map((file) => `${folder}/${file}`),
        output: { entryFileNames: "[name].js" },
        onLog: (level, { message }) => void (level === "warn" && warnings.push(message)),
      },
    },
  });
  if (Array.isArray(built) || !("output" in built)) throw new Error("one build was expected");
  const files = built.output.map((file) => [`/${file.fileName}`, file.type === "chunk" ? file.code : file.source]);
  return { files: new Map(files as [string, string | Uint8Array][]), warnings };
}

export interface Site {
  readonly url: string;
  close(): void;
}

/** Serves `/<page>.html` for each entry of the bundle; `isolated` pages may share memory between threads; `policy` is their Content Security Policy. */
export async function serve(files: Bundle["files"], isolated: boolean, policy?: string): Promise<Site> {
  const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const server = createServer(({ url = "/" }, response) => {
    const page = /^\/([\w-]+)\.html$/.exec(url)?.[1];
    const body = page
      ? `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/${page}.js"></script>`
      : files.get(url);
    const type = page ? "text/html" : "text/javascript";
    const security = policy === undefined ? {} : { "Content-Security-Policy": policy };
    response.writeHead(body === undefined ? 404 : 200, {
      "Content-Type": type,
      ...(isolated ? isolation : {}),
      ...security,
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
