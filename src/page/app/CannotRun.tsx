import type { Requirement } from "./requirements";
import classes from "./appFault.module.css";

export interface CannotRunProps {
  readonly missing: readonly Requirement[];
  /** False where the page came over plain http from another machine. */
  readonly secure: boolean;
  /** Where it came from: "http://192.0.2.7:4173". */
  readonly origin: string;
}

/** In place of the studio where the browser, or the way the page is served, lacks what it needs. */
export function CannotRun({ missing, secure, origin }: CannotRunProps) {
  return (
    <main className={classes.page} role="alert">
      <h1>REPA Studio cannot run here</h1>
      <p>{secure ? "This browser lacks:" : `At ${origin} the browser withholds:`}</p>
      <ul>
        {missing.map(({ name, what }) => (
          <li key={name}>
            <code>{name}</code>: {what}
          </li>
        ))}
      </ul>
      {secure ? (
        <p>Update the browser, or allow this page to store data. Chrome and Edge have all of it.</p>
      ) : (
        <HowToServe origin={origin} />
      )}
    </main>
  );
}

function HowToServe({ origin }: { readonly origin: string }) {
  const { port } = new URL(origin);
  const from = port === "" ? "80" : port;
  return (
    <>
      <p>
        Browsers give these, and WebGPU, to pages from <code>localhost</code> or over https alone.
        Do one of the following:
      </p>
      <ul>
        <li>
          On the machine that serves the page, run <code>npm start -- --host</code>: it serves https
          and prints the address to open. The browser asks once about its certificate.
        </li>
        <li>
          Or bring its port to this machine with{" "}
          <code>{`ssh -L ${from}:localhost:${from} HOST`}</code> and open{" "}
          <code>{`http://localhost:${from}`}</code>.
        </li>
      </ul>
    </>
  );
}
