import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { StudioError } from "../../../common/errors/studioError";
import { Boundary } from "./Boundary";
import { faultDetails, faultMessage } from "./fault";
import { FaultNotice } from "./FaultNotice";

test("what was thrown is told in one line, whatever it is", () => {
  expect(faultMessage(new TypeError("x is not iterable"))).toBe("TypeError: x is not iterable");
  const failure = new StudioError("BAD_CONFIG", "Run 7 has no experiment.", "Delete it.");
  expect(faultMessage(failure)).toBe("BAD_CONFIG: Run 7 has no experiment. Delete it.");
  expect(faultMessage(null)).toBe("null");
});

test("the details name the part, the error with its stack, the component and the browser", () => {
  const thrown = new TypeError("x is not iterable");
  const details = faultDetails({ what: "Samples", thrown, componentStack: "\n  at Tiles" }, [
    "/studio?backend=cpu",
  ]);
  expect(details).toContain("“Samples” could not be shown");
  expect(details).toContain("fault.test.tsx");
  expect(details).toContain("at Tiles");
  expect(details).toContain("/studio?backend=cpu");
});

test("the notice says what is broken and offers another try; a dialog's can be closed", () => {
  const fault = { what: "Samples", thrown: new Error("no labels"), componentStack: null };
  const notice = (close?: () => void) =>
    renderToStaticMarkup(
      <MantineProvider>
        <FaultNotice fault={fault} retry={() => undefined} close={close} />
      </MantineProvider>,
    );
  expect(notice()).toContain("“Samples” cannot be shown");
  expect(notice()).toContain("Error: no labels");
  expect(notice()).toContain("Try again");
  expect(notice()).toContain("Copy details");
  expect(notice()).not.toContain("Close");
  expect(notice(() => undefined)).toContain("Close");
});

test("a boundary holds whatever was thrown, null too", () => {
  expect(Boundary.getDerivedStateFromError(null)).toEqual({ thrown: { value: null } });
});
