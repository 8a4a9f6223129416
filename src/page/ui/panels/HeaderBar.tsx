import { Button, Group, Popover, TextInput, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconDeviceDesktop, IconLink, IconMoon, IconSun } from "@tabler/icons-react";
import { useState } from "react";
import { commandsAt } from "../../commands/commandList";
import { useCommands } from "../commands";
import { CommandButton, CommandIcon, HeaderIcon } from "../components/CommandButton";
import { Logo } from "../components/Logo";
import { useCopy } from "../useCopy";
import { useStudio } from "../useStudio";
import classes from "./panels.module.css";

const TRANSPORT = commandsAt("next", "beside");
const CORNER = commandsAt("corner");

export function HeaderBar() {
  return (
    <header className={classes.header}>
      <h1 className={classes.brand}>
        <Logo size={22} />
        REPA Studio
      </h1>
      <Views />
      <Transport />
      <div className={classes.spacer} />
      <CopyLink />
      <Group gap={2} wrap="nowrap">
        <ThemeSwitch />
        {CORNER.map((command) => (
          <CommandIcon key={command.id} command={command} />
        ))}
      </Group>
    </header>
  );
}

/** Links, because a view has an address. */
function Views() {
  const view = useStudio((state) => state.view);
  return (
    <nav className={classes.views} aria-label="Views">
      <a href="#/" aria-current={view === "train" ? "page" : undefined}>
        Train
      </a>
      <a href="#/compare" aria-current={view === "compare" ? "page" : undefined}>
        Compare
      </a>
      <a href="#/data" aria-current={view === "data" ? "page" : undefined}>
        Data
      </a>
      <a href="#/analyse" aria-current={view === "analyse" ? "page" : undefined}>
        Analyse
      </a>
    </nav>
  );
}

/** The next thing to do keeps its place, and the focus, while what it is changes: Train, Pause, Resume. */
function Transport() {
  const shown = useStudio((state) =>
    TRANSPORT.filter(({ offered }) => offered(state) !== "hidden")
      .map(({ id }) => id)
      .join(" "),
  ).split(" ");
  const commands = TRANSPORT.filter(({ id }) => shown.includes(id));
  const next = commands.find(({ place }) => place === "next");
  return (
    <Group gap={6} wrap="nowrap" role="group" aria-label="Training">
      {commands.map((command) => (
        <CommandButton key={command === next ? "next" : command.id} command={command} />
      ))}
    </Group>
  );
}

function CopyLink() {
  const { copyLink } = useCommands();
  const { state, copy, close } = useCopy(copyLink);
  const shown = state.kind === "manual";
  return (
    <Popover opened={shown} onChange={close} width={340} position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={state.kind === "copied" ? <IconCheck size={15} /> : <IconLink size={15} />}
          onClick={copy}
        >
          {state.kind === "copied" ? "Copied" : "Copy link"}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        {shown && (
          <TextInput
            label="Share link"
            description={state.reason}
            value={state.text}
            readOnly
            onFocus={(event) => event.currentTarget.select()}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

const NEXT_SCHEME = { auto: "light", light: "dark", dark: "auto" } as const;
const SCHEME_NAME = { auto: "system", light: "light", dark: "dark" } as const;
const SCHEME_ICON = { auto: IconDeviceDesktop, light: IconSun, dark: IconMoon } as const;

function ThemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [hovered, setHovered] = useState(false);
  const next = NEXT_SCHEME[colorScheme];
  const Icon = SCHEME_ICON[colorScheme];
  return (
    <HeaderIcon
      label={`Theme: ${SCHEME_NAME[colorScheme]}${hovered ? `, next: ${SCHEME_NAME[next]}` : ""}`}
      onClick={() => setColorScheme(next)}
      onHover={setHovered}
    >
      <Icon size={18} stroke={1.6} />
    </HeaderIcon>
  );
}
