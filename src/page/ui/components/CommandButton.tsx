import { ActionIcon, Button, Tooltip } from "@mantine/core";
import {
  IconDatabase,
  IconKeyboard,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlayerSkipForward,
  IconPlayerStop,
  IconX,
  type Icon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { disabledBecause, type Command, type IconName } from "../../commands/command";
import { useCommands } from "../commands";
import { useStudio } from "../useStudio";

const ICONS: Readonly<Record<IconName, Icon>> = {
  play: IconPlayerPlay,
  pause: IconPlayerPause,
  skip: IconPlayerSkipForward,
  stop: IconPlayerStop,
  close: IconX,
  database: IconDatabase,
  keyboard: IconKeyboard,
};

/** A command as a button of the header. Disabled, it says why. */
export function CommandButton({ command }: { readonly command: Command }) {
  const { give } = useCommands();
  const reason = useStudio((state) => disabledBecause(command.offered(state)));
  const look = useStudio((state) => command.look?.(state) ?? "default");
  const tip = useStudio((state) => command.tip?.(state));
  const text = reason ?? tip;
  const Picture = command.icon && ICONS[command.icon];
  return (
    <Tooltip label={text} disabled={text === undefined} withArrow multiline maw={320}>
      <Button
        size="xs"
        variant={look}
        disabled={reason !== null}
        onClick={() => give(command)}
        {...(Picture && { leftSection: <Picture size={15} /> })}
      >
        {command.label}
      </Button>
    </Tooltip>
  );
}

/** A command as an icon, named with its key. */
export function CommandIcon({ command }: { readonly command: Command }) {
  const { give } = useCommands();
  const { label, shortcut, icon } = command;
  const Picture = icon && ICONS[icon];
  const name = shortcut === undefined ? label : `${label} (${shortcut})`;
  return (
    <HeaderIcon label={name} onClick={() => give(command)}>
      {Picture && <Picture size={18} stroke={1.6} />}
    </HeaderIcon>
  );
}

export function HeaderIcon(props: {
  readonly label: string;
  readonly onClick: () => void;
  readonly onHover?: (over: boolean) => void;
  readonly children: ReactNode;
}) {
  return (
    <Tooltip label={props.label} withArrow>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={props.label}
        onClick={props.onClick}
        onMouseEnter={() => props.onHover?.(true)}
        onMouseLeave={() => props.onHover?.(false)}
      >
        {props.children}
      </ActionIcon>
    </Tooltip>
  );
}
