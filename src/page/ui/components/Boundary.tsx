import { Component, createContext, type ErrorInfo, type ReactNode } from "react";
import type { Fault } from "./fault";
import { FaultNotice } from "./FaultNotice";

/**
 * Names one attempt to show what is inside a boundary. A part that is loaded when first shown is loaded again in another
 * attempt (`lazyPart`).
 */
export const AttemptContext = createContext<object>({});

export interface FaultActions {
  readonly retry: () => void;
  readonly close?: (() => void) | undefined;
}

export interface BoundaryProps {
  /** What is inside, as the user knows it: "Samples". */
  readonly what: string;
  /** Around the fault, so that it stands where the part stood. */
  readonly frame?: (fault: ReactNode) => ReactNode;
  /** In place of the usual notice. */
  readonly show?: (fault: Fault, actions: FaultActions) => ReactNode;
  /** Of what can be closed: the fault can be closed too. */
  readonly onClose?: () => void;
  readonly children: ReactNode;
}

interface BoundaryState {
  readonly attempt: object;
  /** Wrapped, because anything can be thrown, also null. */
  readonly thrown: { readonly value: unknown } | null;
  readonly componentStack: string | null;
}

const nothingThrown = (): BoundaryState => ({ attempt: {}, thrown: null, componentStack: null });

/**
 * Where a part of the page that throws ends: it shows itself as broken, and the rest stays as it is. A class, because
 * React has no other way to catch what a component throws.
 */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override readonly state: BoundaryState = nothingThrown();

  static getDerivedStateFromError(thrown: unknown): Pick<BoundaryState, "thrown"> {
    return { thrown: { value: thrown } };
  }

  override componentDidCatch(_: unknown, { componentStack }: ErrorInfo): void {
    this.setState({ componentStack: componentStack ?? null });
  }

  readonly #retry = () => this.setState(nothingThrown());
  readonly #close = () => {
    this.#retry();
    this.props.onClose?.();
  };

  override render(): ReactNode {
    const { what, frame, show, onClose, children } = this.props;
    const { attempt, thrown, componentStack } = this.state;
    if (!thrown) return <AttemptContext value={attempt}>{children}</AttemptContext>;
    const fault: Fault = { what, thrown: thrown.value, componentStack };
    const actions = { retry: this.#retry, ...(onClose && { close: this.#close }) };
    const shown = show ? show(fault, actions) : <FaultNotice fault={fault} {...actions} />;
    return frame ? frame(shown) : shown;
  }
}
