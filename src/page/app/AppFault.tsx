import { useState, type ReactNode } from "react";
import { toFailure } from "../../common/errors/studioError";
import { rescue } from "../bridge/rescue";
import { saveBlob } from "../ui/charts/exportChart";
import type { FaultActions } from "../ui/components/Boundary";
import { environmentLines, faultDetails, faultMessage, type Fault } from "../ui/components/fault";
import { useCopy } from "../ui/useCopy";
import classes from "./appFault.module.css";

/** This address, without showing the newest stored run: it may be what breaks the page. */
const withoutRun = (): string => {
  const query = new URLSearchParams(location.search);
  query.set("restore", "no");
  return `${location.pathname}?${query.toString()}`;
};

export const showAppFault = (fault: Fault, { retry }: FaultActions): ReactNode => (
  <AppFault fault={fault} retry={retry} />
);

/** In place of the whole page, where it threw itself. Plain elements: whatever draws the page may be what is broken. */
export function AppFault(props: { readonly fault: Fault; readonly retry: () => void }) {
  const { fault, retry } = props;
  const version = `version ${__CODE_VERSION__}`;
  const { state, copy } = useCopy(() => faultDetails(fault, [version, ...environmentLines()]));
  const [saved, setSaved] = useState("");
  const save = async () => {
    const names: string[] = [];
    try {
      await rescue(({ blob, name }) => {
        saveBlob(blob, name);
        names.push(name);
      });
      setSaved(`Saved: ${names.join(", ")}.`);
    } catch (thrown) {
      const { message, hint } = toFailure(thrown);
      setSaved(`${message} ${hint}`);
    }
  };
  return (
    <main className={classes.page} role="alert">
      <h1>{fault.what} cannot be shown</h1>
      <p className={classes.message}>{faultMessage(fault.thrown)}</p>
      <p>
        What is stored in this browser is kept. If reloading does not help, the newest stored run
        may be what cannot be shown: reload without it, or save it as files first.
      </p>
      <div className={classes.choices}>
        <button onClick={retry}>Try again</button>
        <button onClick={() => location.reload()}>Reload</button>
        <button onClick={() => location.assign(withoutRun())}>Reload without the stored run</button>
        <button onClick={() => void save()}>Save what is stored</button>
        <button onClick={copy}>{state.kind === "copied" ? "Copied" : "Copy details"}</button>
      </div>
      {saved !== "" && <p role="status">{saved}</p>}
      {state.kind === "manual" && <textarea readOnly rows={10} value={state.text} />}
    </main>
  );
}
